/**
 * What a policy is attached to, which decides the elements that it must and must not have.
 *
 * - `identity`: attached to a user, group or role; permissions boundaries and managed policies are of this kind too.
 * - `session`: passed to STS when the session was made, or held by a Roles Anywhere profile.
 * - `resource`: attached to a resource, such as a bucket policy.
 * - `trust`: says who can assume a role.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html "Policy types"
 */
export type PolicyKind = "identity" | "session" | "resource" | "trust";

/**
 * The version of the policy language. A policy without `Version` has `2008-10-17`, which has no policy variables.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
 */
export type PolicyVersion = "2008-10-17" | "2012-10-17";

/** What a statement does when it applies. */
export type Effect = "Allow" | "Deny";

/** Why a policy document was refused. One code for each rule of the policy grammar. */
export type PolicyErrorCode =
  | "ERR_POLICY_JSON"
  | "ERR_POLICY_DUPLICATE_KEY"
  | "ERR_POLICY_DATA_TYPE"
  | "ERR_POLICY_UNKNOWN_ELEMENT"
  | "ERR_POLICY_VERSION"
  | "ERR_POLICY_STATEMENT_MISSING"
  | "ERR_POLICY_SID_INVALID"
  | "ERR_POLICY_SID_DUPLICATE"
  | "ERR_POLICY_EFFECT_MISSING"
  | "ERR_POLICY_EFFECT_INVALID"
  | "ERR_POLICY_ACTION_MISSING"
  | "ERR_POLICY_ACTION_CONFLICT"
  | "ERR_POLICY_ACTION_INVALID"
  | "ERR_POLICY_RESOURCE_MISSING"
  | "ERR_POLICY_RESOURCE_CONFLICT"
  | "ERR_POLICY_RESOURCE_PROHIBITED"
  | "ERR_POLICY_RESOURCE_INVALID"
  | "ERR_POLICY_PRINCIPAL_MISSING"
  | "ERR_POLICY_PRINCIPAL_CONFLICT"
  | "ERR_POLICY_PRINCIPAL_PROHIBITED"
  | "ERR_POLICY_PRINCIPAL_INVALID"
  | "ERR_POLICY_CONDITION_OPERATOR"
  | "ERR_POLICY_CONDITION_KEY"
  | "ERR_POLICY_CONDITION_VALUE"
  | "ERR_POLICY_VARIABLE_INVALID"
  | "ERR_POLICY_VARIABLE_NOT_ALLOWED";

/**
 * Thrown by {@link parsePolicy} for a policy document that IAM would refuse (`MalformedPolicyDocument`). The message
 * says which element is wrong, what it holds and what to write.
 *
 * @example
 * try {
 *   parsePolicy(text, { kind: "trust" });
 * } catch (error) {
 *   if (error instanceof PolicyError) console.error(error.code, error.path, error.message);
 * }
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export class PolicyError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is PolicyError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === PolicyError && value instanceof Error && value.name === "PolicyError";
    return isKnown && "code" in value && String(value.code).startsWith("ERR_POLICY_");
  }

  override readonly name = "PolicyError";
  /** Which rule of the policy grammar is broken. */
  readonly code: PolicyErrorCode;
  /** Path of the bad element: `Statement[0].Condition.StringEquals`. Empty when the whole document is bad. */
  readonly path: string;

  constructor(code: PolicyErrorCode, path: string, message: string, options?: { readonly cause?: unknown }) {
    super(escapeControls(path === "" ? message : `${path}: ${message}`), options);
    this.code = code;
    this.path = path;
  }
}

/** Nearly every text is such, and needs no look at what its characters are in Unicode. */
const PRINTABLE_ASCII = /^[ -~]*$/u;

/**
 * Writes control and format characters, line separators and lone surrogates as escapes, so that text of a policy or a
 * request can neither start a new line in a log nor send commands to a terminal.
 */
export function escapeControls(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}
