import { findDuplicateKey } from "./find-duplicate-key.ts";
import { PolicyError } from "./policy-error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {PolicyError} ERR_POLICY_JSON when the text is no JSON object, ERR_POLICY_DUPLICATE_KEY */
export function readPolicyJson(json: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new PolicyError("ERR_POLICY_JSON", "", "the policy is not valid JSON; check its syntax", { cause });
  }
  if (!isObject(value)) {
    throw new PolicyError("ERR_POLICY_JSON", "", `a policy is a JSON object, not ${describe(value)}`);
  }
  const duplicate = findDuplicateKey(json);
  if (duplicate !== undefined) {
    throw new PolicyError("ERR_POLICY_DUPLICATE_KEY", duplicate, "appears twice; keep one");
  }
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function refuseUnknownKeys(object: JsonObject, known: ReadonlySet<string>, path: string): void {
  for (const key of Object.keys(object)) {
    if (!known.has(key)) {
      throw new PolicyError(
        "ERR_POLICY_UNKNOWN_ELEMENT",
        join(path, key),
        `is no policy element; known here are ${[...known].join(", ")} (names are case-sensitive)`,
      );
    }
  }
}

/** @throws {PolicyError} ERR_POLICY_DATA_TYPE */
export function readString(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new PolicyError("ERR_POLICY_DATA_TYPE", path, `expected a string, got ${describe(value)}`);
}

/**
 * Reads one string or a list of strings.
 *
 * @throws {PolicyError} ERR_POLICY_DATA_TYPE; an empty list is one too, since arrays take one or more values
 */
export function readStrings(value: unknown, path: string): readonly string[] {
  return readItems(value, path).map(({ item, itemPath }) => readString(item, itemPath));
}

/** @throws {PolicyError} ERR_POLICY_DATA_TYPE when a list is empty */
export function readItems(value: unknown, path: string): readonly { item: unknown; itemPath: string }[] {
  if (!Array.isArray(value)) return [{ item: value, itemPath: path }];
  if (value.length === 0) {
    throw new PolicyError("ERR_POLICY_DATA_TYPE", path, "is an empty list; write at least one value");
  }
  return value.map((item: unknown, index) => ({ item, itemPath: `${path}[${index}]` }));
}

export function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `the ${typeof value} ${JSON.stringify(value)}`;
}
