export {
  type AppSettings,
  type CdkApp,
  type CdkCommand,
  localStackCdkCommand,
  type LocalStackCdkCommandOptions,
} from "./local-stack-cdk-command.ts";
export { DEFAULT_STACK_NAME, readStackOutputs, type StackOutputs } from "./read-stack-outputs.ts";
export { InfraError, type InfraErrorCode } from "../errors.ts";
export {
  uploadSampleObjects,
  type UploadedSampleObject,
  type UploadSampleObjectsOptions,
} from "../sample-objects/upload-sample-objects.ts";
