import { PolicyError } from "./policy-grammar.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a policy document: JSON text, or the object that a template or an SDK call already holds. An object no longer
 * shows whether its JSON had a key twice.
 *
 * @throws {PolicyError} ERR_POLICY_JSON when the document is no JSON object, ERR_POLICY_DUPLICATE_KEY
 */
export function readPolicyJson(document: unknown): JsonObject {
  const value = typeof document === "string" ? parseJson(document) : document;
  if (!isObject(value)) {
    throw new PolicyError("ERR_POLICY_JSON", "", `a policy is a JSON object, not ${describe(value)}`);
  }
  const duplicate = typeof document === "string" ? findDuplicateKey(document) : undefined;
  if (duplicate !== undefined) {
    throw new PolicyError("ERR_POLICY_DUPLICATE_KEY", duplicate, "appears twice; keep one");
  }
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const remedy = /^\s*%7B/iu.test(text)
      ? "it is URL-encoded, as IAM returns it; decode it with decodeURIComponent"
      : "check its syntax";
    throw new PolicyError("ERR_POLICY_JSON", "", `the policy is not valid JSON; ${remedy}`, { cause });
  }
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
 * @throws {PolicyError} ERR_POLICY_DATA_TYPE when an item is no string or the list is empty
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

/**
 * Finds a key that an object of a JSON text has twice. `JSON.parse` keeps the last one silently; IAM
 * refuses such a policy ("individual elements must not contain multiple instances of the same key").
 *
 * @param json text that `JSON.parse` accepts
 * @returns the path of the key, such as `Statement[0].Effect`, or `undefined` when no key appears twice
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
function findDuplicateKey(json: string): string | undefined {
  const open: Container[] = [];
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gsu)) {
    const current = open.at(-1);
    switch (token) {
      case "{":
        open.push({ kind: "object", keys: new Set(), key: "", inKey: true });
        break;
      case "[":
        open.push({ kind: "array", index: 0 });
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        if (current?.kind === "array") current.index += 1;
        else if (current !== undefined) current.inKey = true;
        break;
      case ":":
        if (current?.kind === "object") current.inKey = false;
        break;
      default:
        if (current?.kind !== "object" || !current.inKey) break;
        current.key = String(JSON.parse(token));
        if (current.keys.has(current.key)) return pathOf(open);
        current.keys.add(current.key);
    }
  }
  return undefined;
}

type Container =
  | { readonly kind: "object"; readonly keys: Set<string>; key: string; inKey: boolean }
  | { readonly kind: "array"; index: number };

function pathOf(open: readonly Container[]): string {
  return open
    .map((container) => (container.kind === "array" ? `[${container.index}]` : `.${container.key}`))
    .join("")
    .replace(/^\./u, "");
}
