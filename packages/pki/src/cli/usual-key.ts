import { generateKeyPairOf } from "../keys/generate-key-pair.ts";
import type { KeyPair } from "../keys/generate-key-pair.ts";
import { DEFAULT_KEY_TYPE } from "../keys/key-type.ts";

/** Commands that make one key. */
const COMMANDS: ReadonlySet<string> = new Set(["init", "intermediate", "issue", "request"]);
/** Options with which they make none, or perhaps one of another type. */
const OPTIONS = /^(?:--key-type|--list|--help|-h)/;

/**
 * The key of this command, if it needs one of the usual type. To make an RSA key takes longer than all else, so it begins when
 * this module is loaded: the launcher loads it before the rest of the command.
 */
export const usualKey: Promise<KeyPair> | undefined = isNeeded(process.argv.slice(2))
  ? generateKeyPairOf(DEFAULT_KEY_TYPE)
  : undefined;
// When the command is refused, nobody waits for the key.
usualKey?.catch(() => undefined);

function isNeeded([command = "", ...rest]: readonly string[]): boolean {
  return COMMANDS.has(command) && !rest.some((argument) => OPTIONS.test(argument));
}
