/** What the emulator remembers: one record per resource of the service model, dates as `Date`, lists as arrays. */

export type SourceType = "CERTIFICATE_BUNDLE" | "AWS_ACM_PCA" | "SELF_SIGNED_REPOSITORY";

export interface TrustAnchorSource {
  sourceType: SourceType;
  sourceData: { x509CertificateData?: string | undefined; acmPcaArn?: string | undefined };
}

export type NotificationEvent = "CA_CERTIFICATE_EXPIRY" | "END_ENTITY_CERTIFICATE_EXPIRY";

export interface NotificationSetting {
  event: NotificationEvent;
  enabled: boolean;
  /** Days before expiry, 1 to 360. */
  threshold: number;
  channel: "ALL";
  /** `rolesanywhere.amazonaws.com` for the defaults, else the account id. */
  configuredBy: string;
}

export interface Tag {
  key: string;
  value: string;
}

interface ResourceRecord {
  name: string;
  enabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  tags: Tag[];
  aliasName?: string | undefined;
}

export interface TrustAnchorRecord extends ResourceRecord {
  trustAnchorId: string;
  trustAnchorArn: string;
  source: TrustAnchorSource;
  notificationSettings: NotificationSetting[];
  crlDpRevocationEnabled?: boolean | undefined;
}

export type CertificateField = "x509Subject" | "x509Issuer" | "x509SAN";

export interface AttributeMapping {
  certificateField: CertificateField;
  mappingRules: { specifier: string }[];
}

export interface ProfileRecord extends ResourceRecord {
  profileId: string;
  profileArn: string;
  createdBy: string;
  requireInstanceProperties: boolean;
  roleArns: string[];
  managedPolicyArns: string[];
  sessionPolicy?: string | undefined;
  /** 900 to 43200; the service's default is 3600. */
  durationSeconds: number;
  acceptRoleSessionName: boolean;
  attributeMappings: AttributeMapping[];
}

export interface CrlRecord extends ResourceRecord {
  crlId: string;
  crlArn: string;
  trustAnchorArn: string;
  /** The imported PEM, as bytes. */
  crlData: Uint8Array;
}

export interface SubjectCredential {
  serialNumber: string;
  issuer: string;
  x509CertificateData: string;
  seenAt: Date;
  enabled: boolean;
  failed: boolean;
}

export interface SubjectRecord {
  subjectId: string;
  subjectArn: string;
  x509Subject: string;
  enabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  lastSeenAt: Date;
  tags?: Tag[] | undefined;
  credentials: SubjectCredential[];
  instanceProperties: { seenAt: Date; properties: Record<string, string>; failed: boolean }[];
}
