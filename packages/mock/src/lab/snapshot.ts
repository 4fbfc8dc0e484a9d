import { z } from "zod";
import { MockError } from "../errors/mock-error.ts";
import { forgetSubjectIndex } from "../session/subjects.ts";
import type { CrlRecord, ProfileRecord, SubjectRecord, TrustAnchorRecord } from "../state/records.ts";
import type { State } from "../state/state.ts";

const date = z.iso.datetime().transform((text) => new Date(text));
const tags = z.array(z.object({ key: z.string(), value: z.string() }));
const resource = {
  name: z.string(),
  enabled: z.boolean(),
  createdAt: date,
  updatedAt: date,
  tags,
  aliasName: z.string().optional(),
};

const trustAnchor: z.ZodType<TrustAnchorRecord> = z.strictObject({
  ...resource,
  trustAnchorId: z.string(),
  trustAnchorArn: z.string(),
  source: z.strictObject({
    sourceType: z.enum(["CERTIFICATE_BUNDLE", "AWS_ACM_PCA", "SELF_SIGNED_REPOSITORY"]),
    sourceData: z.strictObject({
      x509CertificateData: z.string().optional(),
      acmPcaArn: z.string().optional(),
    }),
  }),
  notificationSettings: z.array(
    z.strictObject({
      event: z.enum(["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"]),
      enabled: z.boolean(),
      threshold: z.number(),
      channel: z.literal("ALL"),
      configuredBy: z.string(),
    }),
  ),
  crlDpRevocationEnabled: z.boolean().optional(),
});

const profile: z.ZodType<ProfileRecord> = z.strictObject({
  ...resource,
  profileId: z.string(),
  profileArn: z.string(),
  createdBy: z.string(),
  requireInstanceProperties: z.boolean(),
  roleArns: z.array(z.string()),
  managedPolicyArns: z.array(z.string()),
  sessionPolicy: z.string().optional(),
  durationSeconds: z.number(),
  acceptRoleSessionName: z.boolean(),
  attributeMappings: z.array(
    z.strictObject({
      certificateField: z.enum(["x509Subject", "x509Issuer", "x509SAN"]),
      mappingRules: z.array(z.strictObject({ specifier: z.string() })),
    }),
  ),
});

const crl: z.ZodType<CrlRecord> = z.strictObject({
  ...resource,
  crlId: z.string(),
  crlArn: z.string(),
  trustAnchorArn: z.string(),
  crlData: z.base64().transform((text): Uint8Array => Buffer.from(text, "base64")),
});

const subject: z.ZodType<SubjectRecord> = z.strictObject({
  subjectId: z.string(),
  subjectArn: z.string(),
  x509Subject: z.string(),
  enabled: z.boolean(),
  createdAt: date,
  updatedAt: date,
  lastSeenAt: date,
  tags: tags.optional(),
  credentials: z.array(
    z.strictObject({
      serialNumber: z.string(),
      issuer: z.string(),
      x509CertificateData: z.string(),
      seenAt: date,
      enabled: z.boolean(),
      failed: z.boolean(),
    }),
  ),
  instanceProperties: z.array(
    z.strictObject({ seenAt: date, properties: z.record(z.string(), z.string()), failed: z.boolean() }),
  ),
});

const snapshot = z.strictObject({
  version: z.literal(1),
  accountId: z.string(),
  region: z.string(),
  trustAnchors: z.array(trustAnchor),
  profiles: z.array(profile),
  crls: z.array(crl),
  subjects: z.array(subject),
});

/** The whole state as JSON: dates in ISO 8601, CRLs in base64. */
export function exportSnapshot(state: State): Record<string, unknown> {
  return {
    version: 1,
    accountId: state.accountId,
    region: state.region,
    trustAnchors: [...state.trustAnchors.values()],
    profiles: [...state.profiles.values()],
    crls: [...state.crls.values()].map((record) =>
      Object.assign({}, record, { crlData: Buffer.from(record.crlData).toString("base64") }),
    ),
    subjects: [...state.subjects.values()],
  };
}

/**
 * Replaces the state by a snapshot; it stays as it was when the snapshot is no good.
 *
 * @param json what {@link exportSnapshot} gave, parsed
 * @throws {MockError} ERR_MOCK_INVALID_SNAPSHOT
 */
export function importSnapshot(state: State, json: unknown): void {
  const parsed = snapshot.safeParse(json);
  if (!parsed.success) {
    throw new MockError("ERR_MOCK_INVALID_SNAPSHOT", `not a snapshot: ${z.prettifyError(parsed.error)}`);
  }
  const { accountId, region, trustAnchors, profiles, crls, subjects } = parsed.data;
  if (accountId !== state.accountId || region !== state.region) {
    throw new MockError(
      "ERR_MOCK_INVALID_SNAPSHOT",
      `the snapshot is of account ${accountId} in ${region}, the mock emulates ${state.accountId} in ${state.region}; start it with --account and --region`,
    );
  }
  clearState(state);
  for (const record of trustAnchors) state.trustAnchors.set(record.trustAnchorId, record);
  for (const record of profiles) state.profiles.set(record.profileId, record);
  for (const record of crls) state.crls.set(record.crlId, record);
  for (const record of subjects) state.subjects.set(record.subjectId, record);
}

/** Forgets every resource. */
export function clearState(state: State): void {
  state.trustAnchors.clear();
  state.profiles.clear();
  state.crls.clear();
  state.subjects.clear();
  forgetSubjectIndex(state);
}
