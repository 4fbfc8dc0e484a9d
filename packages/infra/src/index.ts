export { readCaBundle } from "./certificates/ca-bundle.ts";
export {
  bucketReaderPolicy,
  type BucketRemoval,
  ObjectBucket,
  type ObjectBucketProps,
} from "./constructs/object-bucket.ts";
export { Profile, type ProfileProps } from "./constructs/profile.ts";
export {
  RolesAnywherePrincipal,
  type RolesAnywherePrincipalOptions,
} from "./constructs/roles-anywhere-principal.ts";
export { TrustAnchor, type TrustAnchorProps } from "./constructs/trust-anchor.ts";
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
