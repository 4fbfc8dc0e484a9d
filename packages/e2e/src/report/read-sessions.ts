import { getDirectly } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { shorten } from "./markup.ts";
import type { SessionRecord } from "./records.ts";

const text = z.string().transform((value) => shorten(value, 1000));

/** What the report takes from a record of the mock's audit. The audit itself holds no secret key and no token. */
const auditRecord = z.object({
  eventTime: z.iso.datetime(),
  requestID: z.string(),
  requestParameters: z.object({ roleArn: text.optional() }).nullable(),
  _mock: z.object({
    verdict: z.enum(["granted", "refused"]),
    status: z.int(),
    reason: text.optional(),
    expected: text.optional(),
    received: text.optional(),
    remedy: text.optional(),
    certificate: z.object({ subject: text }).optional(),
  }),
});

const audit = z.object({ Records: z.array(auditRecord) });

/**
 * Reads the CreateSession calls that the mock remembers, oldest first.
 *
 * @param rolesAnywhereEndpoint the mock
 * @throws {Error} when the mock does not answer within two seconds, or not with its audit
 */
export async function readSessions(rolesAnywhereEndpoint: string): Promise<SessionRecord[]> {
  const { body } = await getDirectly(`${rolesAnywhereEndpoint}/_mock/audit`, AbortSignal.timeout(2000));
  const { Records } = audit.parse(JSON.parse(body));
  return Records.toReversed().map(({ eventTime, requestID, requestParameters, _mock }) => ({
    kind: "session",
    at: eventTime,
    requestId: requestID,
    verdict: _mock.verdict,
    status: _mock.status,
    reason: _mock.reason,
    expected: _mock.expected,
    received: _mock.received,
    remedy: _mock.remedy,
    subject: _mock.certificate?.subject,
    roleArn: requestParameters?.roleArn,
  }));
}
