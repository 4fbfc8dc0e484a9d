export type { AuditRecord, Verdict } from "../audit/audit-record.ts";
export { mockClient } from "./mock-client.ts";
export type { MockClient, MockClock, ProfileSettings } from "./mock-client.ts";
export {
  createTestAccount,
  crlRecord,
  grantingAws,
  OPEN_TRUST_POLICY,
  profileRecord,
  TEST_ACCOUNT_ID,
  TEST_ARNS,
  trustAnchorRecord,
} from "./test-account.ts";
export type { TestAccount } from "./test-account.ts";
