import type { CrlRecord } from "../../src/state/records.ts";
import { NOW, TRUST_ANCHOR_ARN } from "./world.ts";

/** An imported CRL of the trust anchor, as the control plane keeps it. */
export function crlRecord(crlData: Uint8Array, changes: Partial<CrlRecord> = {}): CrlRecord {
  const crlId = changes.crlId ?? "33333333-3333-4333-8333-333333333333";
  return {
    crlId,
    crlArn: `arn:aws:rolesanywhere:us-east-1:123456789012:crl/${crlId}`,
    name: "crl",
    enabled: true,
    createdAt: NOW,
    updatedAt: NOW,
    tags: [],
    trustAnchorArn: TRUST_ANCHOR_ARN,
    crlData,
    ...changes,
  };
}
