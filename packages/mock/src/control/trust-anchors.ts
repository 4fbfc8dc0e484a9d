import { z } from "zod";
import { validationError } from "../errors/service-error.ts";
import { constraintError, mustNotBeNull } from "../model/constraint-failure.ts";
import * as shapes from "../model/shapes.ts";
import type {
  NotificationEvent,
  NotificationSetting,
  TrustAnchorRecord,
  TrustAnchorSource,
} from "../state/records.ts";
import { readCertificateBundle } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";
import { DerError } from "../trust/der.ts";
import { operation } from "./operation.ts";
import type { Operation } from "./operation.ts";
import {
  changeResource,
  checkQuota,
  commonOperations,
  createResource,
  creationMembers,
  updateMembers,
  updateResource,
} from "./resource.ts";
import type { ResourceKind } from "./resource.ts";

export const MAX_TRUST_ANCHORS = 50;
/** Certificates per trust anchor, a quota that AWS does not raise. */
export const MAX_CERTIFICATES = 2;
export const DEFAULT_THRESHOLD_DAYS = 45;

const SERVICE_PRINCIPAL = "rolesanywhere.amazonaws.com";
const EVENTS: readonly NotificationEvent[] = ["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"];

const kind: ResourceKind<TrustAnchorRecord> = {
  type: "trust-anchor",
  member: "trustAnchor",
  label: "Trust anchor",
  records: (state) => state.trustAnchors,
  idOf: (record) => record.trustAnchorId,
};

const createTrustAnchor = operation(
  { name: "CreateTrustAnchor", method: "POST", path: "/trustanchors", status: 201 },
  z.object({
    ...creationMembers,
    source: shapes.source,
    notificationSettings: shapes.notificationSettings.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  (context, input) =>
    createResource(kind, context, input, (common, trustAnchorId, trustAnchorArn) => {
      const { accountId, trustAnchors } = context.state;
      const source = checkSource(input.source);
      checkQuota("trust anchors", trustAnchors.size, MAX_TRUST_ANCHORS);
      return {
        ...common,
        trustAnchorId,
        trustAnchorArn,
        source,
        notificationSettings: customizeNotificationSettings(
          EVENTS.map(defaultNotificationSetting),
          input.notificationSettings ?? [],
          accountId,
        ),
        crlDpRevocationEnabled: input.crlDpRevocationEnabled,
      };
    }),
);

const updateTrustAnchor = operation(
  { name: "UpdateTrustAnchor", method: "PATCH", path: "/trustanchor/:trustAnchorId" },
  z.object({
    ...updateMembers,
    trustAnchorId: shapes.resourceIdentifier,
    source: shapes.source.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  (context, { trustAnchorId, aliasName, source, ...changes }) =>
    updateResource(kind, context, trustAnchorId, aliasName, () => ({
      ...changes,
      source: source === undefined ? undefined : checkSource(source),
    })),
);

const putNotificationSettings = operation(
  { name: "PutNotificationSettings", method: "PATCH", path: "/put-notifications-settings" },
  z.object({ trustAnchorId: shapes.uuid, notificationSettings: shapes.notificationSettings }),
  (context, { trustAnchorId, notificationSettings }) =>
    changeResource(kind, context, trustAnchorId, (record) => {
      record.notificationSettings = customizeNotificationSettings(
        record.notificationSettings,
        notificationSettings,
        context.state.accountId,
      );
    }),
);

const resetNotificationSettings = operation(
  { name: "ResetNotificationSettings", method: "PATCH", path: "/reset-notifications-settings" },
  z.object({ trustAnchorId: shapes.uuid, notificationSettingKeys: shapes.notificationSettingKeys }),
  (context, { trustAnchorId, notificationSettingKeys }) =>
    changeResource(kind, context, trustAnchorId, (record) => {
      const events = new Set(notificationSettingKeys.map(({ event }) => event));
      record.notificationSettings = record.notificationSettings.map((setting) =>
        events.has(setting.event) ? defaultNotificationSetting(setting.event) : setting,
      );
    }),
);

export const trustAnchorOperations: readonly Operation[] = [
  createTrustAnchor,
  updateTrustAnchor,
  putNotificationSettings,
  resetNotificationSettings,
  ...commonOperations(kind),
];

/**
 * Turns the source of a create or update into the record's, after the checks of its type.
 *
 * @throws {ServiceError} 400
 */
function checkSource({ sourceType, sourceData }: z.infer<typeof shapes.source>): TrustAnchorSource {
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
  requested: z.infer<typeof shapes.notificationSettings>,
  configuredBy: string,
): NotificationSetting[] {
  const changes = new Map<NotificationEvent, NotificationSetting>();
  for (const [index, { event, enabled, threshold }] of requested.entries()) {
    if (enabled && threshold === undefined) {
      throw constraintError(mustNotBeNull(`notificationSettings.${index + 1}.member.threshold`));
    }
    const setting = { ...defaultNotificationSetting(event), enabled, configuredBy };
    changes.set(event, threshold === undefined ? setting : { ...setting, threshold });
  }
  return current.map((setting) => changes.get(setting.event) ?? setting);
}
