import { SERVICE_PRINCIPAL } from "@roles-anywhere/iam-policy/roles-anywhere";
import { z } from "zod";
import { validationError } from "../errors/service-error.ts";
import { constraintError, mustNotBeNull } from "../model/read-members.ts";
import * as shapes from "../model/shapes.ts";
import type {
  NotificationEvent,
  NotificationSetting,
  TrustAnchorRecord,
  TrustAnchorSource,
} from "../state/records.ts";
import { readCertificateBundle } from "../trust/certificate.ts";
import type { Operation } from "./operation.ts";
import {
  changeOperation,
  checkQuota,
  commonOperations,
  createOperation,
  refuseMalformed,
  updateOperation,
} from "./resource.ts";
import type { ResourceKind } from "./resource.ts";

export const MAX_TRUST_ANCHORS = 50;
/** Certificates per trust anchor, a quota that AWS does not raise. */
export const MAX_CERTIFICATES = 2;
export const DEFAULT_THRESHOLD_DAYS = 45;

const kind: ResourceKind<TrustAnchorRecord> = {
  type: "trust-anchor",
  member: "trustAnchor",
  label: "Trust anchor",
  records: (state) => state.trustAnchors,
  idOf: (record) => record.trustAnchorId,
};

export const trustAnchorOperations: readonly Operation[] = [
  createOperation(
    kind,
    "CreateTrustAnchor",
    {
      source: shapes.source,
      notificationSettings: shapes.notificationSettings.optional(),
      crlDpRevocationEnabled: z.boolean().optional(),
    },
    ({ state }, input, common, { id, arn }) => {
      const source = checkSource(input.source);
      checkQuota("trust anchors", state.trustAnchors.size, MAX_TRUST_ANCHORS);
      const defaults = shapes.notificationEvent.options.map(defaultNotificationSetting);
      const { notificationSettings = [], crlDpRevocationEnabled } = input;
      return {
        ...common,
        trustAnchorId: id,
        trustAnchorArn: arn,
        source,
        notificationSettings: customize(defaults, notificationSettings, state.accountId),
        crlDpRevocationEnabled,
      };
    },
  ),
  updateOperation(
    kind,
    "UpdateTrustAnchor",
    { source: shapes.source.optional(), crlDpRevocationEnabled: z.boolean().optional() },
    ({ source, crlDpRevocationEnabled }) => ({
      crlDpRevocationEnabled,
      source: source === undefined ? undefined : checkSource(source),
    }),
  ),
  changeOperation(
    kind,
    { name: "PutNotificationSettings", method: "PATCH", path: "/put-notifications-settings" },
    z.object({ trustAnchorId: shapes.uuid, notificationSettings: shapes.notificationSettings }),
    (record, input, { accountId }) => {
      const settings = customize(record.notificationSettings, input.notificationSettings, accountId);
      record.notificationSettings = settings;
    },
  ),
  changeOperation(
    kind,
    { name: "ResetNotificationSettings", method: "PATCH", path: "/reset-notifications-settings" },
    z.object({ trustAnchorId: shapes.uuid, notificationSettingKeys: shapes.notificationSettingKeys }),
    (record, { notificationSettingKeys }) => {
      const events = new Set(notificationSettingKeys.map(({ event }) => event));
      record.notificationSettings = record.notificationSettings.map((setting) =>
        events.has(setting.event) ? defaultNotificationSetting(setting.event) : setting,
      );
    },
  ),
  ...commonOperations(kind),
];

function checkSource({ sourceType, sourceData }: z.infer<typeof shapes.source>): TrustAnchorSource {
  const required = <T>(value: T | undefined, member: string): T => {
    if (value === undefined) throw constraintError(mustNotBeNull(`source.${member}`));
    return value;
  };
  const type = required(sourceType, "sourceType");
  const { x509CertificateData, acmPcaArn } = required(sourceData, "sourceData");
  if (x509CertificateData !== undefined && acmPcaArn !== undefined) {
    throw validationError("source.sourceData is a union: exactly one of its members must be set");
  }
  switch (type) {
    case "CERTIFICATE_BUNDLE": {
      const pem = required(x509CertificateData, "sourceData.x509CertificateData");
      checkCertificateBundle(pem);
      return { sourceType: type, sourceData: { x509CertificateData: pem } };
    }
    case "AWS_ACM_PCA":
      required(acmPcaArn, "sourceData.acmPcaArn");
      // There is no AWS Private CA to ask: every one is unreadable, and this is what AWS says then.
      throw validationError("Error creating TrustAnchor. Given AWS PCA did not allow get request.: ");
    case "SELF_SIGNED_REPOSITORY":
      throw validationError("Source type SELF_SIGNED_REPOSITORY is not supported");
  }
}

/**
 * Checks that a PEM bundle holds one or two certificates that may act as certificate authorities.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html#signature-verification
 */
function checkCertificateBundle(pem: string): void {
  const certificates = refuseMalformed(
    "Invalid certificate bundle; one or two PEM-encoded X.509 certificates are required",
    () => readCertificateBundle(pem),
  );
  if (certificates.length > MAX_CERTIFICATES) {
    throw validationError(
      `Certificate bundle contains ${certificates.length} certificates; at most ${MAX_CERTIFICATES} are allowed`,
    );
  }
  for (const { version, extensions, signatureAlgorithm } of certificates) {
    const checks: readonly (readonly [isRight: boolean, message: string])[] = [
      [version === 3, "Incorrect version for CA certificate; X.509 v3 is required"],
      [extensions.basicConstraints?.ca === true, "Incorrect basic constraints for CA certificate"],
      [
        extensions.keyUsage?.has("keyCertSign") === true,
        "Incorrect key usage for CA certificate; keyCertSign is required",
      ],
      [
        signatureAlgorithm.strong,
        `Incorrect signature algorithm for CA certificate; SHA-256 or stronger is required, not ${signatureAlgorithm.name}`,
      ],
    ];
    for (const [isRight, message] of checks) if (!isRight) throw validationError(message);
  }
}

/**
 * The setting that every new trust anchor has for an event: on, 45 days before expiry, on all channels.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
 */
function defaultNotificationSetting(event: NotificationEvent): NotificationSetting {
  const [threshold, configuredBy] = [DEFAULT_THRESHOLD_DAYS, SERVICE_PRINCIPAL];
  return { event, enabled: true, threshold, channel: "ALL", configuredBy };
}

/**
 * Settings with some of them replaced; those of other events stay.
 *
 * @param configuredBy the account that customises them
 */
function customize(
  current: readonly NotificationSetting[],
  requested: z.infer<typeof shapes.notificationSettings>,
  configuredBy: string,
): NotificationSetting[] {
  const changes = new Map<NotificationEvent, NotificationSetting>();
  for (const [index, { event, enabled, threshold = DEFAULT_THRESHOLD_DAYS }] of requested.entries()) {
    if (enabled && requested[index]?.threshold === undefined) {
      throw constraintError(mustNotBeNull(`notificationSettings.${index + 1}.member.threshold`));
    }
    changes.set(event, { ...defaultNotificationSetting(event), enabled, threshold, configuredBy });
  }
  return current.map((setting) => changes.get(setting.event) ?? setting);
}
