import type { SubjectRecord } from "../../state/records.ts";
import { timestamp } from "../../model/timestamp.ts";

/** A subject as lists show it. */
export function subjectSummary(record: SubjectRecord) {
  return {
    subjectArn: record.subjectArn,
    subjectId: record.subjectId,
    enabled: record.enabled,
    x509Subject: record.x509Subject,
    lastSeenAt: timestamp(record.lastSeenAt),
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
  };
}

/** A subject with the certificates and instance properties that it presented. */
export function subjectDetails(record: SubjectRecord) {
  return {
    ...subjectSummary(record),
    credentials: record.credentials.map((credential) => ({
      ...credential,
      seenAt: timestamp(credential.seenAt),
    })),
    instanceProperties: record.instanceProperties.map((instance) => ({
      ...instance,
      seenAt: timestamp(instance.seenAt),
    })),
  };
}
