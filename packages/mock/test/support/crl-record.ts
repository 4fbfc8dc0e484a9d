import type { CrlRecord } from "../../src/state/records.ts";
import * as testing from "../../src/for-tests/index.ts";
import { NOW } from "./world.ts";

/** An imported CRL of the trust anchor, as the control plane keeps it. */
export function crlRecord(crlData: Uint8Array, changes: Partial<CrlRecord> = {}): CrlRecord {
  return { ...testing.crlRecord(crlData, NOW, changes.crlId), ...changes };
}
