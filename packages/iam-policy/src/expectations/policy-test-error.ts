import { escapeControls } from "../policy-grammar.ts";

/** What is wrong with the input of a test of policies. */
export type PolicyTestErrorCode =
  | "ERR_POLICY_TEST_ARGUMENT"
  | "ERR_POLICY_TEST_NOT_FOUND"
  | "ERR_POLICY_TEST_UNRESOLVED"
  | "ERR_POLICY_TEST_DOCUMENT_MISSING";

/**
 * The error for a question that cannot be answered, such as a value that only a deployment knows. An expectation that
 * does not hold is an `AssertionError` of `node:assert`.
 */
export class PolicyTestError extends Error {
  override readonly name = "PolicyTestError";
  /** Stable, for programs. */
  readonly code: PolicyTestErrorCode;
  /** Where in the template or role: `Resources.Role.Properties.ManagedPolicyArns[0]`. Empty for an argument. */
  readonly path: string;

  constructor(code: PolicyTestErrorCode, path: string, message: string) {
    super(escapeControls(path === "" ? message : `${path}: ${message}`));
    this.code = code;
    this.path = path;
  }
}

/** The error for what only a deployment knows. `key` is the name under which the caller can give it. */
export function unresolved(path: string, problem: string, key?: string): PolicyTestError {
  const remedy = key === undefined ? "" : `; give values: { ${JSON.stringify(key)}: … }`;
  return new PolicyTestError("ERR_POLICY_TEST_UNRESOLVED", path, problem + remedy);
}
