import { prepareValue, readOperatorName } from "./match-condition.ts";
import type { Condition, OperatorName } from "./match-condition.ts";
import { parseVariables, refuseVariables } from "./parse-template.ts";
import { PolicyError } from "./policy-error.ts";
import type { PolicyVersion } from "./policy-variables.ts";
import { describe, isObject, join, readItems } from "./read-json.ts";

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
    const template = parseVariables(value, path, base.variables ? version : "2008-10-17");
    const one = prepareValue(base, template);
    if (one === undefined) throw refuse(value);
    return one;
  });
  const { quantifier, ifExists } = name;
  return { kind: "values", operator, key, expected, base, quantifier, ifExists, values: prepared };
}

/** Quotation marks are optional for numbers and Booleans. */
function readConditionValue(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new PolicyError(
    "ERR_POLICY_DATA_TYPE",
    path,
    `expected a string, a number or a Boolean, got ${describe(value)}`,
  );
}
