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
 * A policy document that IAM would refuse (`MalformedPolicyDocument`).
 *
 * `path` names the bad element from the root of the document: `Statement[0].Condition.StringEquals`.
 * It is empty when the document as a whole is bad.
 */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
  readonly code: PolicyErrorCode;
  readonly path: string;

  constructor(code: PolicyErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(path === "" ? message : `${path}: ${message}`, options);
    this.code = code;
    this.path = path;
  }
}
