export { readCaBundle } from "./certificates/ca-bundle.ts";
export { type AttributeMapping } from "./constructs/attribute-mapping.ts";
export { type CertificateAttributes } from "./constructs/certificate-conditions.ts";
export {
  CertificateRevocationList,
  type CertificateRevocationListProps,
  type ICertificateRevocationList,
} from "./constructs/certificate-revocation-list.ts";
export {
  DenyOlderSessions,
  type DenyOlderSessionsProps,
  olderSessionsPolicy,
} from "./constructs/deny-older-sessions.ts";
export { ExternalServer, type ExternalServerProps } from "./constructs/external-server.ts";
export {
  bucketReaderPolicy,
  type BucketRemoval,
  ObjectBucket,
  type ObjectBucketProps,
} from "./constructs/object-bucket.ts";
export { type IProfile, Profile, type ProfileOptions, type ProfileProps } from "./constructs/profile.ts";
export {
  RolesAnywherePrincipal,
  type RolesAnywherePrincipalOptions,
} from "./constructs/roles-anywhere-principal.ts";
export { RolesAnywhereRole, type RolesAnywhereRoleProps } from "./constructs/roles-anywhere-role.ts";
export {
  type ITrustAnchor,
  type NotificationSetting,
  TrustAnchor,
  type TrustAnchorOptions,
  type TrustAnchorProps,
} from "./constructs/trust-anchor.ts";
export { TrustAnchorAlarms, type TrustAnchorAlarmsProps } from "./constructs/trust-anchor-alarms.ts";
export { TrustAnchorSource } from "./constructs/trust-anchor-source.ts";
export {
  type AppSettings,
  type CdkCommand,
  localStackCdkCommand,
  type LocalStackCdkCommandOptions,
} from "./deployment/local-stack-cdk-command.ts";
export { readStackOutputs, type StackOutputs } from "./deployment/read-stack-outputs.ts";
export { InfraError, type InfraErrorCode } from "./errors.ts";
export {
  type RolesAnywhereAccess,
  RolesAnywhereStack,
  type RolesAnywhereStackProps,
} from "./stacks/roles-anywhere-stack.ts";
export {
  uploadSampleObjects,
  type UploadedSampleObject,
  type UploadSampleObjectsOptions,
} from "./sample-objects/upload-sample-objects.ts";
