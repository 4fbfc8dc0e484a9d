export type { ApplicablePolicies, NamedPolicy, ResourcePolicy } from "./applicable-policies.ts";
export { authorizeRequest, policyResources } from "./authorize-request.ts";
export { mapRequest } from "./map-request.ts";
export type { RequiredPermission } from "./permission.ts";
export type { CopySource, JsonObject, JsonValue, ServiceRequest } from "./service-request.ts";
export { sessionContext } from "./session-facts.ts";
export type { SessionFacts } from "./session-facts.ts";
export { parseAmzDate, readAuthorization, readClaim } from "./signature/claim.ts";
export type { AuthorizationOptions } from "./signature/claim.ts";
export { parseQuery, splitTarget } from "./signature/received.ts";
export type { QueryParameter, SignedRequest } from "./signature/received.ts";
export { refuseSignature } from "./signature/refusal.ts";
export type { ServiceErrorFacts, SignatureRefusal, SignatureRefusalReason } from "./signature/refusal.ts";
export type {
  AuthorizationClaim,
  CredentialScope,
  ExpectedScope,
  SignatureClaim,
} from "./signature/scope.ts";
export { verifySignature } from "./signature/verify-signature.ts";
export type { SigningCredentials, ValidSignature, VerifyOptions } from "./signature/verify-signature.ts";
export type { Allowed, PermissionVerdict, Refused, Verdict } from "./verdict.ts";
