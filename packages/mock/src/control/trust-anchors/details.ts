import type { State } from "../../state/state.ts";
import type { TrustAnchorRecord } from "../../state/records.ts";
import { timestamp } from "../../model/timestamp.ts";
import { aliasDetails } from "../resources/aliases.ts";

/** A trust anchor as the service describes it; tags are not part of it. */
export function trustAnchorDetails(state: State, record: TrustAnchorRecord) {
  const { trustAnchorId, trustAnchorArn, name, source, enabled, notificationSettings } = record;
  return {
    trustAnchorId,
    trustAnchorArn,
    name,
    source,
    enabled,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    notificationSettings,
    crlDpRevocationEnabled: record.crlDpRevocationEnabled,
    ...aliasDetails(state, "trust-anchor", record),
  };
}
