import { isShowable, quoted, SignerError } from "../errors.ts";

/** A flag of a command. */
export interface FlagSpec {
  /**
   * `texts` may be repeated; `switch` takes no value (but `--debug=false` works); `integer` a decimal number.
   *
   * @default "text"
   */
  readonly type?: "text" | "texts" | "switch" | "integer";
  /** How help names the value: `FILE`. Left out for a switch. */
  readonly value?: string;
  /** One line for help. */
  readonly help: string;
  /** Default, as help shows it. */
  readonly default?: string;
  /** Its value is a password: what follows it is not shown in messages, for it may be the rest of one with spaces. */
  readonly secret?: true;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** Values of the flags that were given. */
export type Flags<Specs extends FlagSpecs> = {
  readonly [Name in keyof Specs]?: Specs[Name] extends { readonly type: infer Type extends keyof ValueOf }
    ? ValueOf[Type]
    : string;
};

interface ValueOf {
  readonly text: string;
  readonly texts: readonly string[];
  readonly switch: boolean;
  readonly integer: number;
}

/**
 * Parses flags as `aws_signing_helper` does: `--name value`, `--name=value`, a value may begin with a dash, of repeated
 * flags the last one counts, unless they are `texts`. (node:util's parseArgs refuses `--name -value` and `--switch=false`.)
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for an unknown flag, a missing or malformed value, or a word that is no flag.
 */
export function parseFlags<Specs extends FlagSpecs>(specs: Specs, words: readonly string[]): Flags<Specs> {
  const found: Record<string, ValueOf[keyof ValueOf]> = {};
  const lists: Record<string, readonly string[]> = {};
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const { name, inline } = splitWord(word);
    if (name === "") throw unexpected(specs, word, words[index - 1] ?? "", Object.keys(found));
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw usage(`unknown flag: ${isShowable(name) ? `--${name}` : quoted(word)}`);
    if (spec.type === "switch") {
      found[name] = parseSwitch(name, inline);
      // The helper passes over a word after a switch, so that `--debug true` does there what it says.
      if (inline === undefined && words[index + 1]?.toLowerCase() === "true") index += 1;
      continue;
    }
    const value = inline ?? words[(index += 1)];
    if (value === undefined) throw usage(`flag needs an argument: --${name}`);
    if (spec.type === "texts") {
      found[name] = lists[name] = [...(lists[name] ?? []), value];
      continue;
    }
    found[name] = spec.type === "integer" ? parseInteger(name, value) : value;
  }
  // The loop above gave each value the type that its spec names; callers get the flags in the order of the specs.
  const order = Object.keys(specs).filter((name) => Object.hasOwn(found, name));
  return Object.fromEntries(order.map((name) => [name, found[name]])) as Flags<Specs>;
}

/** `--name` or `--name=value`; any other word has no name. */
function splitWord(word: string): { readonly name: string; readonly inline?: string } {
  if (!word.startsWith("--")) return { name: "" };
  const equals = word.indexOf("=");
  return equals === -1
    ? { name: word.slice(2) }
    : { name: word.slice(2, equals), inline: word.slice(equals + 1) };
}

function parseSwitch(name: string, inline: string | undefined): boolean {
  if (inline === undefined || /^(true|t|1)$/i.test(inline)) return true;
  if (/^(false|f|0)$/i.test(inline)) return false;
  throw usage(`invalid argument ${quoted(inline)} for "--${name}": expected true or false`);
}

function parseInteger(name: string, value: string): number {
  const number = Number(value);
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw usage(`invalid argument ${quoted(value)} for "--${name}": expected a whole number`);
  }
  return number;
}

function unexpected(specs: FlagSpecs, word: string, before: string, given: readonly string[]): SignerError {
  const secret = given.find((name) => specs[name]?.secret === true);
  if (secret !== undefined) {
    return usage(`unexpected argument on a command line with --${secret}; quote values that hold spaces`);
  }
  const afterSwitch = /^false$/i.test(word) && specs[before.slice(2)]?.type === "switch";
  return usage(`unexpected argument ${quoted(word)}${afterSwitch ? `; write ${before}=false` : ""}`);
}

function usage(message: string): SignerError {
  return new SignerError("ERR_SIGNER_USAGE", message);
}
