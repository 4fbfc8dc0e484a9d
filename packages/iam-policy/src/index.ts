export { evaluatePolicies, evaluatePolicy, explainPolicies } from "./evaluate.ts";
export type {
  Decision,
  Explanation,
  PolicyExplanation,
  PolicyReference,
  PolicySet,
  PolicyType,
} from "./evaluate.ts";
export type { StatementExplanation } from "./explain.ts";
export { parsePolicy } from "./parse-policy.ts";
export type { ParseOptions, PolicyDocument } from "./parse-policy.ts";
export { PolicyError } from "./policy-grammar.ts";
export type { Effect, PolicyErrorCode, PolicyKind, PolicyVersion } from "./policy-grammar.ts";
export type { ContextRecord, PolicyRequest, Principal, PrincipalType } from "./request.ts";
export type { Statement } from "./statement.ts";
