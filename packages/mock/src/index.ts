export type { SessionTag } from "@roles-anywhere/iam-policy/roles-anywhere";
export { createAuditLog, type AuditLog } from "./audit/audit-log.ts";
export type { AuditRecord, Verdict } from "./audit/audit-record.ts";
export { REASON_CODES, type ReasonCode } from "./errors/refusal.ts";
export { createContext, type MockContext, type MockContextInit } from "./context.ts";
export type { AccessKey, SignatureVerifier } from "./control/sigv4.ts";
export { MockError, type MockErrorCode } from "./errors/mock-error.ts";
export { createApp, type MockApp } from "./http/app.ts";
export { type MockOptions, type RunningMock, startMock } from "./http/server.ts";
export {
  type AssumedRole,
  type AssumeRoleRequest,
  type AwsPort,
  AwsPortError,
  type Role,
} from "./session/aws.ts";
export { type Clock, createState, type State, systemClock } from "./state/state.ts";
export type { CrlRecord, ProfileRecord, SubjectRecord, TrustAnchorRecord } from "./state/records.ts";
