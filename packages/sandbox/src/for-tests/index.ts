export type { AuditRecord, MockClock } from "@roles-anywhere/mock/testing";
export type { RegisteredServer, ServerOptions } from "./register-server.ts";
export { createTestCa } from "./test-ca.ts";
export type { TestCa, TestCertificate } from "./test-ca.ts";
export { startTestSandbox, withTestTools } from "./test-sandbox.ts";
export type { TestSandbox } from "./test-sandbox.ts";
