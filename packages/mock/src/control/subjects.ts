import { z } from "zod";
import { notFound } from "../errors/service-error.ts";
import { timestamp, uuid } from "../model/shapes.ts";
import type { SubjectRecord } from "../state/records.ts";
import { operation } from "./operation.ts";
import type { Operation } from "./operation.ts";
import { listOperation } from "./resource.ts";

const getSubject = operation(
  { name: "GetSubject", method: "GET", path: "/subject/:subjectId" },
  z.object({ subjectId: uuid }),
  ({ state }, { subjectId }) => {
    const record = state.subjects.get(subjectId);
    if (record === undefined) throw notFound(`Subject ${subjectId} was not found.`);
    return { subject: describeSubject(record) };
  },
);

export const subjectOperations: readonly Operation[] = [
  getSubject,
  listOperation(
    "ListSubjects",
    "subjects",
    (state) => state.subjects,
    (_, record) => summarizeSubject(record),
  ),
];

/** A subject as lists show it, without tags, certificates and instance properties. */
function summarizeSubject(record: SubjectRecord) {
  const { tags: _tags, credentials: _credentials, instanceProperties: _properties, ...members } = record;
  const { lastSeenAt, createdAt, updatedAt } = record;
  return {
    ...members,
    lastSeenAt: timestamp(lastSeenAt),
    createdAt: timestamp(createdAt),
    updatedAt: timestamp(updatedAt),
  };
}

/** A subject with the certificates and instance properties that its clients sent. */
function describeSubject(record: SubjectRecord) {
  const withTimestamp = <T extends { seenAt: Date }>(seen: T) =>
    Object.assign({}, seen, { seenAt: timestamp(seen.seenAt) });
  return {
    ...summarizeSubject(record),
    credentials: record.credentials.map(withTimestamp),
    instanceProperties: record.instanceProperties.map(withTimestamp),
  };
}
