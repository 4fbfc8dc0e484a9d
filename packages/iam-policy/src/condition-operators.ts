import { BlockList, isIP } from "node:net";
import { compileGlob, matchGlob } from "./wildcard.ts";
import type { GlobPiece } from "./wildcard.ts";

/**
 * Compares one value of the request with a value of the policy. Returns `undefined` when the two cannot be compared, for
 * example when the request has text where the operator needs a number: then it is unknown whether the operator or its
 * negation holds.
 */
export type Comparison = (actual: string) => boolean | undefined;

export interface ConditionOperator {
  readonly name: string;
  /** Whether the operator holds when no value of the policy matches, as `StringNotEquals` does. */
  readonly negated: boolean;
  /** Whether the values may have policy variables. String and ARN operators take them, others do not. */
  readonly variables: boolean;
  /**
   * Prepares a value of the policy.
   *
   * @returns `undefined` when the value is not of the operator's type
   */
  readonly compile: (expected: readonly GlobPiece[]) => Comparison | undefined;
}

/**
 * Every condition operator of IAM except `Null`, which does not compare values.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const CONDITION_OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map(
  [
    ...withNegation("StringEquals", "StringNotEquals", true, compileEquals),
    ...withNegation("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", true, compileEqualsIgnoreCase),
    ...withNegation("StringLike", "StringNotLike", true, compileLike),
    ...ordered("Numeric", compileNumeric),
    ...ordered("Date", compileDate),
    ...plain("Bool", compileBool),
    ...plain("BinaryEquals", compileBinary),
    ...withNegation("IpAddress", "NotIpAddress", false, (pieces) => compileIpRange(textOf(pieces))),
    ...withNegation("ArnEquals", "ArnNotEquals", true, compileArnComparison),
    ...withNegation("ArnLike", "ArnNotLike", true, compileArnComparison),
  ].map((operator) => [operator.name, operator]),
);

type Compile = ConditionOperator["compile"];

function plain(name: string, compile: Compile): ConditionOperator[] {
  return [{ name, negated: false, variables: false, compile }];
}

function withNegation(
  name: string,
  negation: string,
  variables: boolean,
  compile: Compile,
): ConditionOperator[] {
  return [
    { name, negated: false, variables, compile },
    { name: negation, negated: true, variables, compile },
  ];
}

function ordered(type: string, compile: (holds: (order: number) => boolean) => Compile): ConditionOperator[] {
  return [
    ...withNegation(
      `${type}Equals`,
      `${type}NotEquals`,
      false,
      compile((order) => order === 0),
    ),
    ...plain(
      `${type}LessThan`,
      compile((order) => order < 0),
    ),
    ...plain(
      `${type}LessThanEquals`,
      compile((order) => order <= 0),
    ),
    ...plain(
      `${type}GreaterThan`,
      compile((order) => order > 0),
    ),
    ...plain(
      `${type}GreaterThanEquals`,
      compile((order) => order >= 0),
    ),
  ];
}

function textOf(pieces: readonly GlobPiece[]): string {
  return pieces.map((piece) => piece.text).join("");
}

function compileEquals(pieces: readonly GlobPiece[]): Comparison {
  const expected = textOf(pieces);
  return (actual) => actual === expected;
}

function compileEqualsIgnoreCase(pieces: readonly GlobPiece[]): Comparison {
  const expected = textOf(pieces).toLowerCase();
  return (actual) => actual.toLowerCase() === expected;
}

function compileLike(pieces: readonly GlobPiece[]): Comparison {
  const glob = compileGlob(pieces);
  return (actual) => matchGlob(glob, actual);
}

function compileNumeric(holds: (order: number) => boolean): Compile {
  return (pieces) => {
    const expected = readDecimal(textOf(pieces));
    if (expected === undefined) return undefined;
    return (actual) => {
      const value = readDecimal(actual);
      return value === undefined ? undefined : holds(compareDecimals(value, expected));
    };
  };
}

function compileDate(holds: (order: number) => boolean): Compile {
  return (pieces) => {
    const expected = readDate(textOf(pieces));
    if (expected === undefined) return undefined;
    return (actual) => {
      const value = readDate(actual);
      return value === undefined ? undefined : holds(value - expected);
    };
  };
}

function compileBool(pieces: readonly GlobPiece[]): Comparison | undefined {
  const expected = textOf(pieces).toLowerCase();
  if (expected !== "true" && expected !== "false") return undefined;
  return (actual) => actual.toLowerCase() === expected;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;

/** Compares bytes. The policy holds them in base64, and `ContextRecord` asks the same of the request. */
function compileBinary(pieces: readonly GlobPiece[]): Comparison | undefined {
  const text = textOf(pieces);
  if (!BASE64.test(text)) return undefined;
  const expected = Buffer.from(text, "base64");
  return (actual) => (BASE64.test(actual) ? expected.equals(Buffer.from(actual, "base64")) : undefined);
}

/** A decimal number, exact at any length. */
interface Decimal {
  /** The digits without the point. */
  readonly digits: bigint;
  /** How many of the digits come after the point. */
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/u;

/** Reads an integer or a decimal number; `undefined` for other text. IAM documents no exponents. */
function readDecimal(text: string): Decimal | undefined {
  const [, sign, whole, fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const digits = BigInt(whole + fraction);
  return { digits: sign === "-" ? -digits : digits, scale: fraction.length };
}

/** @returns a negative number when `a` is less than `b`, 0 when they are equal, else a positive number */
function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const difference = a.digits * 10n ** BigInt(scale - a.scale) - b.digits * 10n ** BigInt(scale - b.scale);
  if (difference === 0n) return 0;
  return difference < 0n ? -1 : 1;
}

const EPOCH_SECONDS = /^-?\d{1,15}(?:\.\d{1,9})?$/u;
/** The W3C profile of ISO 8601: a time needs a zone. */
const ISO_8601 =
  /^(?<year>\d{4})-(?<month>\d{2})(?:-(?<day>\d{2})(?:T(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?<fraction>\.\d{1,9})?)?(?<zone>Z|[+-]\d{2}:\d{2}))?)?$/u;

/**
 * Reads the date of a condition: a W3C ISO 8601 date, or seconds since 1970.
 *
 * Four digits can be a year or a number of seconds, and a time without a zone can be in any zone. The guide does not say
 * which, so this function takes neither.
 *
 * @returns milliseconds since 1970, or `undefined` when the text is no date; February 30 is none
 * @see https://www.w3.org/TR/NOTE-datetime
 */
function readDate(text: string): number | undefined {
  const groups = ISO_8601.exec(text)?.groups;
  if (groups === undefined) {
    return EPOCH_SECONDS.test(text) && !/^\d{4}$/u.test(text) ? Number(text) * 1000 : undefined;
  }
  const number = (name: string, otherwise: number): number => {
    const digits = groups[name];
    return digits === undefined ? otherwise : Number(digits);
  };
  const [year, month, day] = [number("year", 0), number("month", 1), number("day", 1)];
  const [hour, minute, second] = [number("hour", 0), number("minute", 0), number("second", 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  const offsetMinutes = readZone(groups["zone"]);
  if (offsetMinutes === undefined) return undefined;
  const seconds = (hour * 60 + minute - offsetMinutes) * 60 + second + number("fraction", 0);
  return date.getTime() + seconds * 1000;
}

function readZone(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * Makes the comparison with an address or a CIDR range of a policy. A range without a prefix length is one address. An
 * IPv6 range contains no IPv4 address, and an IPv4 range no IPv6 address: `::/0` leaves out every IPv4 caller. An IPv4
 * address written as IPv6 (`::ffff:203.0.113.7`, RFC 4291 section 2.5.5.2) counts as IPv4 in policy and request.
 *
 * @returns `undefined` when the text is neither address nor range; the comparison returns `undefined` when the request's
 *   value is no address
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
 */
function compileIpRange(range: string): ((address: string) => boolean | undefined) | undefined {
  const [, network, length] = /^([^/%]+)(?:\/(\d{1,3}))?$/u.exec(range) ?? [];
  const version = network === undefined ? 0 : isIP(network);
  if (network === undefined || version === 0) return undefined;
  const bits = version === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  if (prefix > bits) return undefined;

  const ranges = new BlockList();
  ranges.addSubnet(network, prefix, version === 4 ? "ipv4" : "ipv6");
  const isIpv4Range = version === 4 || (prefix >= 96 && isIpv4Mapped(network));
  return (address) => {
    const addressVersion = address.includes("%") ? 0 : isIP(address);
    if (addressVersion === 0) return undefined;
    // BlockList looks up IPv4 addresses in IPv6 ranges as well, so the families are compared first.
    if (isIpv4Range !== (addressVersion === 4 || isIpv4Mapped(address))) return false;
    return ranges.check(address, addressVersion === 4 ? "ipv4" : "ipv6");
  };
}

const IPV4_MAPPED = new BlockList();
IPV4_MAPPED.addSubnet("::ffff:0:0", 96, "ipv6");

function isIpv4Mapped(ipv6: string): boolean {
  return IPV4_MAPPED.check(ipv6, "ipv6");
}

const COMPONENTS = 6;

/**
 * Compares ARNs as `ArnEquals` and `ArnLike` do. Each of the six components is compared alone, so a wildcard matches no
 * colon, except in the last component, which is the rest of the ARN.
 *
 * @returns a comparison that returns `undefined` when the pattern or the ARN has fewer than six components
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
function compileArnComparison(pieces: readonly GlobPiece[]): (arn: string) => boolean | undefined {
  const globs = splitPieces(pieces).map((component) => compileGlob(component));
  return (arn) => {
    const components = splitArn(arn);
    if (globs.length !== COMPONENTS || components.length !== COMPONENTS) return undefined;
    return globs.every((glob, index) => matchGlob(glob, components[index] ?? ""));
  };
}

function splitArn(arn: string): readonly string[] {
  const parts = arn.split(":");
  return parts.length <= COMPONENTS
    ? parts
    : [...parts.slice(0, COMPONENTS - 1), parts.slice(COMPONENTS - 1).join(":")];
}

/** Splits a pattern at its colons. A colon in the value of a variable does not end a component. */
function splitPieces(pieces: readonly GlobPiece[]): readonly GlobPiece[][] {
  let last: GlobPiece[] = [];
  const components = [last];
  for (const piece of pieces) {
    if (piece.literal) {
      last.push(piece);
      continue;
    }
    let rest = piece.text;
    while (components.length < COMPONENTS && rest.includes(":")) {
      const colon = rest.indexOf(":");
      last.push({ text: rest.slice(0, colon), literal: false });
      last = [];
      components.push(last);
      rest = rest.slice(colon + 1);
    }
    last.push({ text: rest, literal: false });
  }
  return components;
}
