import { resourceArn } from "../state/state.ts";
import type { State } from "../state/state.ts";
import type { SubjectRecord } from "../state/records.ts";
import type { Certificate } from "../trust/certificate.ts";

/** How many certificates, and how many sets of instance properties, a subject keeps. The newest come first. */
const REMEMBERED = 20;

/** One attempt of a certificate to get a session. */
export interface Sighting {
  readonly certificate: Certificate;
  readonly seenAt: Date;
  readonly instanceProperties?: Readonly<Record<string, string>> | undefined;
}

/** Subject ids by the subject's name, one index for each account. */
const indexes = new WeakMap<State, Map<string, string>>();

/** Notes that a trusted certificate was seen, creating the Subject of its name at the first time. */
export function recordSubject(state: State, sighting: Sighting, newId: () => string): SubjectRecord {
  const { certificate, seenAt } = sighting;
  const x509Subject = certificate.subject.text;
  const subject = findSubject(state, x509Subject) ?? addSubject(state, x509Subject, seenAt, newId());
  subject.lastSeenAt = seenAt;
  subject.updatedAt = seenAt;
  const x509CertificateData = certificate.pem;
  subject.credentials = [
    {
      serialNumber: certificate.serialNumber.toString(),
      issuer: certificate.issuer.text,
      x509CertificateData,
      seenAt,
      enabled: true,
      failed: false,
    },
    ...subject.credentials.filter((known) => known.x509CertificateData !== x509CertificateData),
  ].slice(0, REMEMBERED);
  if (sighting.instanceProperties !== undefined) {
    subject.instanceProperties = [
      { seenAt, properties: { ...sighting.instanceProperties }, failed: false },
      ...subject.instanceProperties,
    ].slice(0, REMEMBERED);
  }
  return subject;
}

/** Marks the newest sighting of a subject as one that got no session. */
export function markFailed(subject: SubjectRecord, seenAt: Date): void {
  for (const list of [subject.credentials, subject.instanceProperties]) {
    const [newest] = list;
    if (newest?.seenAt === seenAt) newest.failed = true;
  }
}

/** Drops the index of an account whose subjects were replaced. */
export function forgetSubjectIndex(state: State): void {
  indexes.delete(state);
}

function findSubject(state: State, x509Subject: string): SubjectRecord | undefined {
  let index = indexes.get(state);
  // A different count shows that subjects were added in another way.
  if (index === undefined || index.size !== state.subjects.size) {
    index = new Map([...state.subjects.values()].map((subject) => [subject.x509Subject, subject.subjectId]));
    indexes.set(state, index);
  }
  return state.subjects.get(index.get(x509Subject) ?? "");
}

function addSubject(state: State, x509Subject: string, now: Date, subjectId: string): SubjectRecord {
  const subject: SubjectRecord = {
    subjectId,
    subjectArn: resourceArn(state, "subject", subjectId),
    x509Subject,
    enabled: true,
    createdAt: now,
    updatedAt: now,
    lastSeenAt: now,
    credentials: [],
    instanceProperties: [],
  };
  state.subjects.set(subjectId, subject);
  indexes.get(state)?.set(x509Subject, subjectId);
  return subject;
}
