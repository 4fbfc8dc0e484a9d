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
  const byName = new Map<string, ContextValue>();
  for (const [key, value] of Object.entries(record)) {
    const name = key.toLowerCase();
    const values = typeof value === "string" ? [value] : value;
    const earlier = byName.get(name);
    byName.set(
      name,
      earlier === undefined
        ? { values, single: typeof value === "string" }
        : { values: [...earlier.values, ...values], single: false },
    );
  }
  return { get: (key) => byName.get(key.toLowerCase()) };
}
