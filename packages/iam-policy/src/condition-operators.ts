import { compileArnComparison } from "./compare-arn.ts";
import { readDate } from "./compare-date.ts";
import { compileIpRange } from "./compare-ip.ts";
import { compareDecimals, readDecimal } from "./compare-number.ts";
import { compileGlob, matchGlob } from "./glob.ts";
import type { GlobPiece } from "./glob.ts";

/**
 * Compares one value of the request. `undefined` means that they cannot be compared, as when the request has
 * a word where a number belongs: then neither the operator nor its negation can be said to hold.
 */
export type Comparison = (actual: string) => boolean | undefined;

export interface ConditionOperator {
  readonly name: string;
  /** Holds when no value of the policy compares equal. */
  readonly negated: boolean;
  /** Only string and ARN operators take policy variables. */
  readonly variables: boolean;
  /**
   * Prepares a value of the policy.
   *
   * @returns `undefined` when the value is not of the operator's type
   */
  readonly compile: (expected: readonly GlobPiece[]) => Comparison | undefined;
}

/**
 * Every condition operator of IAM but `Null`, which looks at no values.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const CONDITION_OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map(
  [
    ...withNegation("StringEquals", "StringNotEquals", true, compileEquals),
    ...withNegation("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", true, compileEqualsIgnoreCase),
    ...withNegation("StringLike", "StringNotLike", true, compileLike),
    ...withNegation(
      "NumericEquals",
      "NumericNotEquals",
      false,
      compileNumeric((order) => order === 0),
    ),
    ...plain(
      "NumericLessThan",
      compileNumeric((order) => order < 0),
    ),
    ...plain(
      "NumericLessThanEquals",
      compileNumeric((order) => order <= 0),
    ),
    ...plain(
      "NumericGreaterThan",
      compileNumeric((order) => order > 0),
    ),
    ...plain(
      "NumericGreaterThanEquals",
      compileNumeric((order) => order >= 0),
    ),
    ...withNegation(
      "DateEquals",
      "DateNotEquals",
      false,
      compileDate((order) => order === 0),
    ),
    ...plain(
      "DateLessThan",
      compileDate((order) => order < 0),
    ),
    ...plain(
      "DateLessThanEquals",
      compileDate((order) => order <= 0),
    ),
    ...plain(
      "DateGreaterThan",
      compileDate((order) => order > 0),
    ),
    ...plain(
      "DateGreaterThanEquals",
      compileDate((order) => order >= 0),
    ),
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

/** Both sides carry the bytes in base64, the policy by its grammar and the request by this library's contract. */
function compileBinary(pieces: readonly GlobPiece[]): Comparison | undefined {
  const text = textOf(pieces);
  if (!BASE64.test(text)) return undefined;
  const expected = Buffer.from(text, "base64");
  return (actual) => (BASE64.test(actual) ? expected.equals(Buffer.from(actual, "base64")) : undefined);
}
