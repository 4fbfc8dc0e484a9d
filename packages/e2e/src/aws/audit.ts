import { mockClient } from "@roles-anywhere/mock/testing";
import type { AuditRecord } from "@roles-anywhere/mock/testing";

export type { AuditRecord };

/** The mock's records of all CreateSession calls, newest first. */
export async function readAudit(rolesAnywhereEndpoint: string): Promise<readonly AuditRecord[]> {
  return await mockClient({ url: rolesAnywhereEndpoint, region: "us-east-1" }).audit();
}

/** Finds the mock's record of one call by the request id in the response. */
export async function auditRecordOf(rolesAnywhereEndpoint: string, requestId: string): Promise<AuditRecord> {
  const records = await readAudit(rolesAnywhereEndpoint);
  const record = records.find((candidate) => candidate.requestID === requestId);
  if (record === undefined) throw new Error(`the mock's audit has no call ${requestId}`);
  return record;
}
