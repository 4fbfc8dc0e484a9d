export { evaluateAll, evaluatePolicy, parsePolicyDocument, PolicyError } from "./evaluate.ts";
export type {
  ContextRecord,
  Decision,
  ParseOptions,
  PolicyDocument,
  PolicyErrorCode,
  PolicyKind,
  PolicyRequest,
  PolicySet,
  Principal,
  PrincipalType,
} from "./evaluate.ts";
