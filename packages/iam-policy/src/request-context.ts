/** Values that a request has, by condition key. Keys match in any letter case. */
export type ContextRecord = Readonly<Record<string, string | readonly string[]>>;

export interface ContextValue {
  readonly values: readonly string[];
  /** Whether the request has this key with one value by nature, not a list: only such can fill a policy variable. */
  readonly single: boolean;
}

export interface RequestContext {
  get(key: string): ContextValue | undefined;
}

/**
 * Condition key names are not case-sensitive, the tag key in `aws:PrincipalTag/<tag key>` included. When a
 * request has two keys that differ only by case, the key has both values.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
 */
export function readContext(record: ContextRecord): RequestContext {
  // Policies ask for few of the keys, so a list to look through is cheaper to make than a map.
  const keys = Object.keys(record);
  let names: readonly string[] | undefined;
  return {
    get(key) {
      names ??= keys.map((each) => each.toLowerCase());
      const wanted = key.toLowerCase();
      let found: ContextValue | undefined;
      for (let at = names.indexOf(wanted); at !== -1; at = names.indexOf(wanted, at + 1)) {
        found = merge(found, record[keys[at] ?? ""] ?? []);
      }
      return found;
    },
  };
}

function merge(earlier: ContextValue | undefined, value: string | readonly string[]): ContextValue {
  const values = typeof value === "string" ? [value] : value;
  return earlier === undefined
    ? { values, single: typeof value === "string" }
    : { values: [...earlier.values, ...values], single: false };
}
