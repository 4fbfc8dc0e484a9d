import { z } from "zod";

const auditRecord = z.object({
  requestID: z.string(),
  errorCode: z.string().optional(),
  _mock: z.object({
    verdict: z.enum(["granted", "refused"]),
    status: z.number(),
    reason: z.string().optional(),
  }),
});

const auditAnswer = z.object({ Records: z.array(auditRecord) });

export type AuditRecord = z.infer<typeof auditRecord>;

/** The mock's records of all CreateSession calls, newest first. */
export async function readAudit(rolesAnywhereEndpoint: string): Promise<readonly AuditRecord[]> {
  const answer = await fetch(`${rolesAnywhereEndpoint}/_mock/audit`);
  return auditAnswer.parse(await answer.json()).Records;
}

/** Finds the mock's record of one call by the request id in the response. */
export async function auditRecordOf(rolesAnywhereEndpoint: string, requestId: string): Promise<AuditRecord> {
  const records = await readAudit(rolesAnywhereEndpoint);
  const record = records.find((candidate) => candidate.requestID === requestId);
  if (record === undefined) throw new Error(`the mock's audit has no call ${requestId}`);
  return record;
}
