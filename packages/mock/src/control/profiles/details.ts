import type { ProfileRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { timestamp } from "../../model/timestamp.ts";
import { aliasDetails } from "../resources/aliases.ts";

/** A profile as the service describes it; tags are not part of it. */
export function profileDetails(state: State, record: ProfileRecord) {
  return {
    profileId: record.profileId,
    profileArn: record.profileArn,
    name: record.name,
    requireInstanceProperties: record.requireInstanceProperties,
    enabled: record.enabled,
    createdBy: record.createdBy,
    sessionPolicy: record.sessionPolicy,
    roleArns: record.roleArns,
    managedPolicyArns: record.managedPolicyArns,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    durationSeconds: record.durationSeconds,
    acceptRoleSessionName: record.acceptRoleSessionName,
    attributeMappings: record.attributeMappings,
    ...aliasDetails(state, "profile", record),
  };
}
