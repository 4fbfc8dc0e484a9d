import { z } from "zod";

/**
 * The records that the emulator keeps, one per resource of the service model, with dates as `Date` and lists as arrays.
 * They are schemas, so that the lab can read a snapshot with them.
 */

const date = z.iso.datetime().transform((text) => new Date(text));

const Tag = z.object({ key: z.string(), value: z.string() });

const resource = {
  name: z.string(),
  enabled: z.boolean(),
  createdAt: date,
  updatedAt: date,
  tags: z.array(Tag),
  aliasName: z.string().optional(),
};

const NotificationSetting = z.strictObject({
  event: z.enum(["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"]),
  enabled: z.boolean(),
  /** Days before expiry, 1 to 360. */
  threshold: z.number(),
  channel: z.literal("ALL"),
  /** `rolesanywhere.amazonaws.com` for the defaults, else the account id. */
  configuredBy: z.string(),
});

export const TrustAnchorRecord = z.strictObject({
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
  notificationSettings: z.array(NotificationSetting),
  crlDpRevocationEnabled: z.boolean().optional(),
});

export const AttributeMapping = z.strictObject({
  certificateField: z.enum(["x509Subject", "x509Issuer", "x509SAN"]),
  mappingRules: z.array(z.strictObject({ specifier: z.string() })),
});

export const ProfileRecord = z.strictObject({
  ...resource,
  profileId: z.string(),
  profileArn: z.string(),
  createdBy: z.string(),
  requireInstanceProperties: z.boolean(),
  roleArns: z.array(z.string()),
  managedPolicyArns: z.array(z.string()),
  sessionPolicy: z.string().optional(),
  /** 900 to 43200; the service's default is 3600. */
  durationSeconds: z.number(),
  acceptRoleSessionName: z.boolean(),
  attributeMappings: z.array(AttributeMapping),
  /** The mock stores and shows it. It does not change sessions. */
  tipConfiguration: z
    .strictObject({
      status: z.enum(["ENABLED", "DISABLED"]),
      subjectType: z.enum(["user", "workload"]).optional(),
      subjectSource: z.enum(["x509SAN/URI", "x509Subject/CN"]),
    })
    .optional(),
});

export const CrlRecord = z.strictObject({
  ...resource,
  crlId: z.string(),
  crlArn: z.string(),
  trustAnchorArn: z.string(),
  /** The imported PEM, as bytes; base64 in a snapshot. */
  crlData: z.base64().transform((text): Uint8Array => Buffer.from(text, "base64")),
});

export const SubjectRecord = z.strictObject({
  subjectId: z.string(),
  subjectArn: z.string(),
  x509Subject: z.string(),
  enabled: z.boolean(),
  createdAt: date,
  updatedAt: date,
  lastSeenAt: date,
  tags: z.array(Tag).optional(),
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

export type Tag = z.infer<typeof Tag>;
export type NotificationSetting = z.infer<typeof NotificationSetting>;
export type NotificationEvent = NotificationSetting["event"];
export type TrustAnchorRecord = z.infer<typeof TrustAnchorRecord>;
export type TrustAnchorSource = TrustAnchorRecord["source"];
export type AttributeMapping = z.infer<typeof AttributeMapping>;
export type CertificateField = AttributeMapping["certificateField"];
export type ProfileRecord = z.infer<typeof ProfileRecord>;
export type CrlRecord = z.infer<typeof CrlRecord>;
export type SubjectRecord = z.infer<typeof SubjectRecord>;
