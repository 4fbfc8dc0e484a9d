import { z } from "zod";
import { validationError } from "../errors/service-error.ts";
import { constraintError, mustNotBeNull } from "../model/constraint-failure.ts";
import {
  aliasName,
  notificationSettingKeys,
  notificationSettings,
  resourceIdentifier,
  resourceName,
  source as sourceShape,
  tagList,
  uuid as uuidShape,
} from "../model/shapes.ts";
import { timestamp } from "../model/timestamp.ts";
import type {
  NotificationEvent,
  NotificationSetting,
  TrustAnchorRecord,
  TrustAnchorSource,
} from "../state/records.ts";
import { resourceArn } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { type Certificate, readCertificateBundle } from "../trust/certificate.ts";
import { DerError } from "../trust/der.ts";
import { type Operation, operation } from "./operation.ts";
import {
  checkAliasName,
  checkQuota,
  commonOperations,
  describeAlias,
  findResource,
  type ResourceKind,
  uniqueTags,
  updateAliasName,
} from "./resource.ts";

export const MAX_TRUST_ANCHORS = 50;
/** Certificates per trust anchor, a quota that AWS does not raise. */
export const MAX_CERTIFICATES = 2;
export const DEFAULT_THRESHOLD_DAYS = 45;

const SERVICE_PRINCIPAL = "rolesanywhere.amazonaws.com";
const EVENTS: readonly NotificationEvent[] = ["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"];

const kind: ResourceKind<TrustAnchorRecord> = {
  type: "trust-anchor",
  operationNames: ["TrustAnchor", "TrustAnchors"],
  members: ["trustAnchor", "trustAnchors"],
  label: "Trust anchor",
  records: (state) => state.trustAnchors,
  idOf: (record) => record.trustAnchorId,
  describe: describeTrustAnchor,
};

const createTrustAnchor = operation(
  { name: "CreateTrustAnchor", method: "POST", path: "/trustanchors", status: 201 },
  z.object({
    name: resourceName,
    source: sourceShape,
    enabled: z.boolean().optional(),
    tags: tagList.optional(),
    notificationSettings: notificationSettings.optional(),
    aliasName: aliasName.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  ({ state, clock, uuid }, input) => {
    checkAliasName(state.trustAnchors, input.aliasName);
    const source = checkSource(input.source);
    checkQuota("trust anchors", state.trustAnchors.size, MAX_TRUST_ANCHORS);
    const trustAnchorId = uuid();
    const now = clock.now();
    const record: TrustAnchorRecord = {
      trustAnchorId,
      trustAnchorArn: resourceArn(state, "trust-anchor", trustAnchorId),
      name: input.name,
      source,
      enabled: input.enabled ?? false,
      createdAt: now,
      updatedAt: now,
      tags: uniqueTags(input.tags ?? []),
      notificationSettings: customizeNotificationSettings(
        EVENTS.map(defaultNotificationSetting),
        input.notificationSettings ?? [],
        state.accountId,
      ),
      crlDpRevocationEnabled: input.crlDpRevocationEnabled,
      aliasName: input.aliasName || undefined,
    };
    state.trustAnchors.set(trustAnchorId, record);
    return { trustAnchor: describeTrustAnchor(state, record) };
  },
);

const updateTrustAnchor = operation(
  { name: "UpdateTrustAnchor", method: "PATCH", path: "/trustanchor/:trustAnchorId" },
  z.object({
    trustAnchorId: resourceIdentifier,
    name: resourceName.optional(),
    source: sourceShape.optional(),
    aliasName: aliasName.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.trustAnchorId);
    checkAliasName(state.trustAnchors, input.aliasName, record);
    // Everything is checked before anything changes.
    const source = input.source === undefined ? record.source : checkSource(input.source);
    record.source = source;
    record.name = input.name ?? record.name;
    record.crlDpRevocationEnabled = input.crlDpRevocationEnabled ?? record.crlDpRevocationEnabled;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { trustAnchor: { ...describeTrustAnchor(state, record), ...aliasChange } };
  },
);

const putNotificationSettings = operation(
  { name: "PutNotificationSettings", method: "PATCH", path: "/put-notifications-settings" },
  z.object({ trustAnchorId: uuidShape, notificationSettings }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.trustAnchorId);
    record.notificationSettings = customizeNotificationSettings(
      record.notificationSettings,
      input.notificationSettings,
      state.accountId,
    );
    record.updatedAt = clock.now();
    return { trustAnchor: describeTrustAnchor(state, record) };
  },
);

const resetNotificationSettings = operation(
  { name: "ResetNotificationSettings", method: "PATCH", path: "/reset-notifications-settings" },
  z.object({ trustAnchorId: uuidShape, notificationSettingKeys }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.trustAnchorId);
    const events = new Set(input.notificationSettingKeys.map(({ event }) => event));
    record.notificationSettings = record.notificationSettings.map((setting) =>
      events.has(setting.event) ? defaultNotificationSetting(setting.event) : setting,
    );
    record.updatedAt = clock.now();
    return { trustAnchor: describeTrustAnchor(state, record) };
  },
);

export const trustAnchorOperations: readonly Operation[] = [
  createTrustAnchor,
  updateTrustAnchor,
  putNotificationSettings,
  resetNotificationSettings,
  ...commonOperations(kind),
];

/** A trust anchor as the service describes it; tags are not part of it. */
function describeTrustAnchor(state: State, record: TrustAnchorRecord) {
  const { trustAnchorId, trustAnchorArn, name, source, enabled } = record;
  return {
    trustAnchorId,
    trustAnchorArn,
    name,
    source,
    enabled,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    notificationSettings: record.notificationSettings,
    crlDpRevocationEnabled: record.crlDpRevocationEnabled,
    ...describeAlias(state, "trust-anchor", record.aliasName),
  };
}

/**
 * Turns the source of a create or update into the record's, after the checks of its type.
 *
 * @throws {ServiceError} 400
 */
function checkSource({ sourceType, sourceData }: z.infer<typeof sourceShape>): TrustAnchorSource {
  if (sourceType === undefined) throw constraintError(mustNotBeNull("source.sourceType"));
  if (sourceData === undefined) throw constraintError(mustNotBeNull("source.sourceData"));
  const { x509CertificateData, acmPcaArn } = sourceData;
  if (x509CertificateData !== undefined && acmPcaArn !== undefined) {
    throw validationError("source.sourceData is a union: exactly one of its members must be set");
  }
  switch (sourceType) {
    case "CERTIFICATE_BUNDLE":
      if (x509CertificateData === undefined) {
        throw constraintError(mustNotBeNull("source.sourceData.x509CertificateData"));
      }
      checkCertificateBundle(x509CertificateData);
      return { sourceType, sourceData: { x509CertificateData } };
    case "AWS_ACM_PCA":
      if (acmPcaArn === undefined) throw constraintError(mustNotBeNull("source.sourceData.acmPcaArn"));
      // There is no AWS Private CA to ask: every one is unreadable, and this is what AWS says then.
      throw validationError("Error creating TrustAnchor. Given AWS PCA did not allow get request.: ");
    case "SELF_SIGNED_REPOSITORY":
      throw validationError("Source type SELF_SIGNED_REPOSITORY is not supported");
  }
}

/**
 * Checks that a PEM bundle holds one or two certificates that may act as certificate authorities.
 *
 * @throws {ServiceError} 400
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
function checkCertificateBundle(pem: string): void {
  const certificates = readBundle(pem);
  if (certificates.length > MAX_CERTIFICATES) {
    throw validationError(
      `Certificate bundle contains ${certificates.length} certificates; at most ${MAX_CERTIFICATES} are allowed`,
    );
  }
  for (const certificate of certificates) checkAuthority(certificate);
}

function readBundle(pem: string): readonly Certificate[] {
  try {
    return readCertificateBundle(pem);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw validationError(
      `Invalid certificate bundle; one or two PEM-encoded X.509 certificates are required: ${error.message}`,
    );
  }
}

function checkAuthority({ version, extensions, signatureAlgorithm }: Certificate): void {
  if (version !== 3) throw validationError("Incorrect version for CA certificate; X.509 v3 is required");
  if (extensions.basicConstraints?.ca !== true) {
    throw validationError("Incorrect basic constraints for CA certificate");
  }
  if (extensions.keyUsage?.has("keyCertSign") !== true) {
    throw validationError("Incorrect key usage for CA certificate; keyCertSign is required");
  }
  if (!signatureAlgorithm.strong) {
    throw validationError(
      `Incorrect signature algorithm for CA certificate; SHA-256 or stronger is required, not ${signatureAlgorithm.name}`,
    );
  }
}

/**
 * The setting that every new trust anchor has for an event: on, 45 days before expiry, on all channels.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
 */
function defaultNotificationSetting(event: NotificationEvent): NotificationSetting {
  return {
    event,
    enabled: true,
    threshold: DEFAULT_THRESHOLD_DAYS,
    channel: "ALL",
    configuredBy: SERVICE_PRINCIPAL,
  };
}

/**
 * Settings with some of them replaced; those of other events stay.
 *
 * @param configuredBy the account that customises them
 * @throws {ServiceError} 400 for an enabled setting without a threshold
 */
function customizeNotificationSettings(
  current: readonly NotificationSetting[],
  requested: z.infer<typeof notificationSettings>,
  configuredBy: string,
): NotificationSetting[] {
  const changes = new Map<NotificationEvent, NotificationSetting>();
  for (const [index, { event, enabled, threshold }] of requested.entries()) {
    if (enabled && threshold === undefined) {
      throw constraintError(mustNotBeNull(`notificationSettings.${index + 1}.member.threshold`));
    }
    changes.set(event, {
      event,
      enabled,
      threshold: threshold ?? DEFAULT_THRESHOLD_DAYS,
      channel: "ALL",
      configuredBy,
    });
  }
  return current.map((setting) => changes.get(setting.event) ?? setting);
}
