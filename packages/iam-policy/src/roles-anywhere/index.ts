export {
  DEFAULT_ATTRIBUTE_MAPPINGS,
  mapAttributes,
  SOURCE_IDENTITY,
  sourceIdentityOf,
} from "./session-attributes.ts";
export type {
  AttributeMapping,
  CertificateField,
  CertificateNames,
  MappedAttributes,
  NameAttribute,
  SessionTag,
} from "./session-attributes.ts";
export {
  evaluateTrust,
  SERVICE_PRINCIPAL,
  TRUST_POLICY_ACTIONS,
  trustPolicyContext,
} from "./trust-policy.ts";
export type { TrustDecision, TrustPolicyFacts } from "./trust-policy.ts";
