import type { CrlRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { timestamp } from "../../model/timestamp.ts";
import { aliasDetails } from "../resources/aliases.ts";

/** A certificate revocation list as the service describes it; tags are not part of it. */
export function crlDetails(state: State, record: CrlRecord) {
  const { crlId, crlArn, name, enabled, crlData, trustAnchorArn } = record;
  return {
    crlId,
    crlArn,
    name,
    enabled,
    crlData: Buffer.from(crlData).toString("base64"),
    trustAnchorArn,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    ...aliasDetails(state, "crl", record),
  };
}
