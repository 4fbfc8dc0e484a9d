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

/** Finds the mock's record of one call by the request id in the response. */
export async function auditRecordOf(rolesAnywhereEndpoint: string, requestId: string): Promise<AuditRecord> {
  const answer = await fetch(`${rolesAnywhereEndpoint}/_mock/audit`);
  const { Records } = auditAnswer.parse(await answer.json());
  const record = Records.find((candidate) => candidate.requestID === requestId);
  if (record === undefined) throw new Error(`the mock's audit has no call ${requestId}`);
  return record;
}
