import { CONDITION_OPERATORS } from "./condition-operators.ts";
import type { Comparison, ConditionOperator } from "./condition-operators.ts";
import { PolicyError } from "./policy-grammar.ts";
import type { Effect, PolicyVersion } from "./policy-grammar.ts";
import { describe, isObject, join, readItems } from "./policy-json.ts";
import {
  constantPieces,
  hasVariables,
  parseTemplate,
  refuseVariables,
  resolveTemplate,
} from "./policy-variables.ts";
import type { TemplatePiece } from "./policy-variables.ts";
import type { ContextValue, RequestContext } from "./request.ts";

/** One operator with one key of a `Condition` element. */
export type Condition = ValueCondition | NullCondition;

interface ConditionBase {
  /** The operator as written, set qualifier and `IfExists` included. */
  readonly operator: string;
  /** The condition key, as written. */
  readonly key: string;
  /** The policy's values as written. */
  readonly expected: readonly string[];
}

interface ValueCondition extends ConditionBase {
  readonly kind: "values";
  readonly base: ConditionOperator;
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
  readonly values: readonly PreparedValue[];
}

interface NullCondition extends ConditionBase {
  readonly kind: "null";
  /** For each value of the policy, whether the key must be absent. One of the values must hold. */
  readonly absent: readonly boolean[];
}

type Quantifier = "none" | "ForAllValues" | "ForAnyValue";

/** A value of the policy. */
interface PreparedValue {
  readonly template: readonly TemplatePiece[];
  /** Absent when the value has variables: their values come with each request. */
  readonly compare?: Comparison | undefined;
}

interface OperatorName {
  readonly operator: ConditionOperator | "Null";
  readonly quantifier: Quantifier;
  readonly ifExists: boolean;
}

const OPERATOR_NAME =
  /^(?:(?<quantifier>ForAllValues|ForAnyValue):)?(?<base>[A-Za-z]+?)(?<ifExists>IfExists)?$/u;

/**
 * Reads the name of an operator, such as `ForAnyValue:StringLikeIfExists`. `Null` takes neither qualifier nor `IfExists`.
 *
 * @returns `undefined` when IAM has no such operator
 */
function readOperatorName(name: string): OperatorName | undefined {
  const groups = OPERATOR_NAME.exec(name)?.groups;
  const base = groups?.["base"];
  if (base === undefined) return undefined;
  const quantifier =
    groups?.["quantifier"] === "ForAllValues" || groups?.["quantifier"] === "ForAnyValue"
      ? groups["quantifier"]
      : "none";
  const ifExists = groups?.["ifExists"] !== undefined;
  if (base === "Null") {
    return ifExists || quantifier !== "none" ? undefined : { operator: "Null", quantifier, ifExists };
  }
  const operator = CONDITION_OPERATORS.get(base);
  return operator === undefined ? undefined : { operator, quantifier, ifExists };
}

/** @returns `undefined` when the value is not of the operator's type */
function prepareValue(
  operator: ConditionOperator,
  template: readonly TemplatePiece[],
): PreparedValue | undefined {
  if (hasVariables(template)) return { template };
  const compare = operator.compile(constantPieces(template));
  return compare === undefined ? undefined : { template, compare };
}

/**
 * Reads a `Condition` element into one entry for each operator and key.
 *
 * @throws {PolicyError} ERR_POLICY_CONDITION_OPERATOR, _KEY or _VALUE, ERR_POLICY_VARIABLE_…, ERR_POLICY_DATA_TYPE
 */
export function parseConditions(value: unknown, path: string, version: PolicyVersion): readonly Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) {
    throw new PolicyError("ERR_POLICY_DATA_TYPE", path, `expected an object, got ${describe(value)}`);
  }
  return Object.entries(value).flatMap(([operator, keys]) =>
    parseOperator(operator, keys, join(path, operator), version),
  );
}

function parseOperator(
  operator: string,
  keys: unknown,
  path: string,
  version: PolicyVersion,
): readonly Condition[] {
  const name = readOperatorName(operator);
  if (name === undefined) {
    throw new PolicyError(
      "ERR_POLICY_CONDITION_OPERATOR",
      path,
      `is no condition operator; operators are case-sensitive, such as StringEquals, ArnLikeIfExists or ForAnyValue:StringLike`,
    );
  }
  if (!isObject(keys)) {
    throw new PolicyError("ERR_POLICY_DATA_TYPE", path, `expected an object, got ${describe(keys)}`);
  }
  refuseSameKeys(Object.keys(keys), path);
  return Object.entries(keys).map(([key, values]) =>
    parseKey(operator, name, key, values, join(path, key), version),
  );
}

function refuseSameKeys(keys: readonly string[], path: string): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key.toLowerCase())) {
      throw new PolicyError(
        "ERR_POLICY_CONDITION_KEY",
        join(path, key),
        "appears twice with different capitalization; condition keys are not case-sensitive, keep one",
      );
    }
    seen.add(key.toLowerCase());
  }
}

function parseKey(
  operator: string,
  name: OperatorName,
  key: string,
  values: unknown,
  path: string,
  version: PolicyVersion,
): Condition {
  if (!/^[^:\s]+:.+$/u.test(key)) {
    throw new PolicyError(
      "ERR_POLICY_CONDITION_KEY",
      path,
      `is no condition key; write "service:keyname", such as "aws:SourceArn"`,
    );
  }
  const expected = readItems(values, path).map(({ item, itemPath }) => readConditionValue(item, itemPath));
  const refuse = (value: string): PolicyError =>
    new PolicyError("ERR_POLICY_CONDITION_VALUE", path, `"${value}" is no value for ${operator}`);

  if (name.operator === "Null") {
    const absent = expected.map((value) => {
      if (!/^(?:true|false)$/iu.test(value)) throw refuse(value);
      return value.toLowerCase() === "true";
    });
    return { kind: "null", operator, key, expected, absent };
  }
  const base = name.operator;
  const prepared = expected.map((value) => {
    if (!base.variables && version === "2012-10-17") refuseVariables(value, path);
    const template = parseTemplate(value, path, base.variables ? version : "2008-10-17");
    const one = prepareValue(base, template);
    if (one === undefined) throw refuse(value);
    return one;
  });
  const { quantifier, ifExists } = name;
  return { kind: "values", operator, key, expected, base, quantifier, ifExists, values: prepared };
}

/** Reads a value as text. A policy may write numbers and Booleans without quotation marks. */
function readConditionValue(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new PolicyError(
    "ERR_POLICY_DATA_TYPE",
    path,
    `expected a string, a number or a Boolean, got ${describe(value)}`,
  );
}

/**
 * Whether a condition holds for a request.
 *
 * In some cases IAM documents no result. Then the condition of an Allow does not hold, and the condition of a Deny does:
 *
 * - The request has several values, one of them satisfies the operator, and there is no `ForAllValues` or `ForAnyValue`.
 * - The operator is negated, and the values cannot be compared or the policy's value has a multivalued variable.
 * - The operator has `ForAnyValue` and `IfExists`, and the request does not have the key.
 * - The operator is `Null` with the value `true`, and the request's value is an empty string.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function matchCondition(condition: Condition, effect: Effect, context: RequestContext): boolean {
  const found = context.get(condition.key);
  if (condition.kind === "null") {
    return condition.absent.some((absent) => matchNull(absent, found, effect));
  }
  const values = found?.values ?? [];
  if (values.length === 0) return matchMissing(condition, effect);

  const satisfies = (value: string): boolean => matchValue(condition, value, effect, context);
  switch (condition.quantifier) {
    case "ForAllValues":
      return isEmpty(values) || values.every(satisfies);
    case "ForAnyValue":
      return !isEmpty(values) && values.some(satisfies);
    case "none":
      return values.some(satisfies) && (values.length === 1 || effect === "Deny");
  }
}

function matchMissing(condition: ValueCondition, effect: Effect): boolean {
  switch (condition.quantifier) {
    case "ForAllValues":
      return true;
    case "ForAnyValue":
      return condition.ifExists && effect === "Deny";
    case "none":
      return condition.ifExists || condition.base.negated;
  }
}

function matchValue(
  condition: ValueCondition,
  value: string,
  effect: Effect,
  context: RequestContext,
): boolean {
  let comparable = true;
  for (const expected of condition.values) {
    const equal = compareValue(condition, expected, value, context);
    if (equal === true) return !condition.base.negated;
    if (equal === undefined) comparable = false;
  }
  return condition.base.negated && (comparable || effect === "Deny");
}

function compareValue(
  condition: ValueCondition,
  expected: PreparedValue,
  actual: string,
  context: RequestContext,
): boolean | undefined {
  if (expected.compare !== undefined) return expected.compare(actual);
  const pieces = resolveTemplate(expected.template, context);
  // "There is no equal or like value": the comparison fails, so that its negation holds.
  if (pieces === "no value") return false;
  return pieces === "several values" ? undefined : condition.base.compile(pieces)?.(actual);
}

/** Whether the values are what the guide calls an "empty data set (for example, an empty string)". */
function isEmpty(values: readonly string[]): boolean {
  return values.length === 0 || (values.length === 1 && values[0] === "");
}

/** `Null: true` asks for a key that "doesn't exist — it is null", `Null: false` for one whose "value is not null". */
function matchNull(absent: boolean, found: ContextValue | undefined, effect: Effect): boolean {
  const values = found?.values ?? [];
  if (!absent) return !isEmpty(values);
  return values.length === 0 || (isEmpty(values) && effect === "Deny");
}
