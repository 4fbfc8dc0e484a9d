/** The types of principals, as policies write them. */
export type PrincipalType = "Service" | "AWS" | "Federated" | "CanonicalUser";

/**
 * Who makes the request. The id depends on the type:
 *
 * - `AWS`: the ARN of a user, a role, an assumed-role or federated-user session or an account's root user; or an account
 *   id of 12 digits.
 * - `Service`: the name of the service.
 * - `Federated`: the name or the ARN of the identity provider.
 * - `CanonicalUser`: the canonical id of an S3 user.
 *
 * @example { type: "AWS", id: "arn:aws:sts::111122223333:assumed-role/reader/server-a" }
 * @example { type: "Service", id: "rolesanywhere.amazonaws.com" }
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export interface Principal {
  readonly type: PrincipalType;
  readonly id: string;
}

/** What a request asks for. */
export interface PolicyRequest {
  /** `service:Name`, such as `sts:AssumeRole`; letter case is ignored. */
  readonly action: string;
  /** ARN of the resource. Leave it out for an action without resources, and for a role's trust policy. */
  readonly resource?: string | undefined;
  /**
   * The account that owns the resource, 12 digits. Give it for resources whose ARN has no account, such as S3 buckets and
   * objects. Without it a request for another account's bucket counts as a request within the principal's account.
   *
   * @default the account in the ARN of the resource, else the principal's account
   */
  readonly resourceAccount?: string | undefined;
  /** Leave it out for an anonymous request. */
  readonly principal?: Principal | undefined;
  /**
   * The values of the request by condition key, in any letter case. Use a list for keys that can have several values, such
   * as `aws:TagKeys`. This library adds no key: give `aws:PrincipalArn`, `aws:ResourceAccount`, `aws:CurrentTime` and so
   * on, where policies use them.
   */
  readonly context: ContextRecord;
}

/**
 * The account of the request's resource, if it is known.
 *
 * @throws {TypeError} when `resourceAccount` is no account id
 */
export function readAccountOf({ resource, resourceAccount }: PolicyRequest): string | undefined {
  if (resourceAccount === undefined) {
    return resource === undefined ? undefined : /^(?:[^:]*:){4}(?<account>\d{12}):/u.exec(resource)?.[1];
  }
  if (/^\d{12}$/u.test(resourceAccount)) return resourceAccount;
  throw new TypeError(
    `resourceAccount must be an account id of 12 digits, got ${JSON.stringify(resourceAccount)}`,
  );
}

/**
 * Values that a request has, by condition key. Keys match in any letter case; a key that is undefined is absent.
 * Numbers, Booleans and dates are written as text; dates in ISO 8601 or as seconds since 1970; bytes in base64.
 *
 * @example { "aws:SecureTransport": "true", "aws:TagKeys": ["x509Subject/CN"], "aws:SourceIp": request.ip }
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export type ContextRecord = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ContextValue {
  readonly values: readonly string[];
  /** Whether the request gives one text for this key, not a list. A policy variable needs such a key. */
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
  // Policies use few of the keys, so making a list and searching it costs less than making a map.
  const keys = Object.keys(record);
  let names: readonly string[] | undefined;
  return {
    get(key) {
      names ??= keys.map((each) => each.toLowerCase());
      const wanted = key.toLowerCase();
      let found: ContextValue | undefined;
      for (let at = names.indexOf(wanted); at !== -1; at = names.indexOf(wanted, at + 1)) {
        const value = record[keys[at] ?? ""];
        if (value !== undefined) found = merge(found, value);
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
