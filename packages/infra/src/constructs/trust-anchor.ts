import type { ICertificateAuthority } from "aws-cdk-lib/aws-acmpca";
import type { IMetric, MathExpressionOptions, Metric, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { Grant } from "aws-cdk-lib/aws-iam";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { CfnTrustAnchor } from "aws-cdk-lib/aws-rolesanywhere";
import { Names, Resource, Stack, ArnFormat } from "aws-cdk-lib/core";
import type { IResource } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";
import { arnOfKind, required, resourceName, wholeNumber } from "./checks.ts";
import { allFailures, trustAnchorMetric } from "./metrics.ts";
import { TrustAnchorSource } from "./trust-anchor-source.ts";

/** A trust anchor of this app, or one that exists already. */
export interface ITrustAnchor extends IResource {
  /**
   * ARN of the trust anchor.
   *
   * @attribute
   */
  readonly trustAnchorArn: string;

  /**
   * Id (a UUID) of the trust anchor, for the `aws rolesanywhere` commands.
   *
   * @attribute
   */
  readonly trustAnchorId: string;

  /**
   * Lets a principal call operations of Roles Anywhere on this trust anchor.
   *
   * @example
   * trustAnchor.grant(onCallRole, "rolesanywhere:GetTrustAnchor", "rolesanywhere:DisableTrustAnchor");
   */
  grant(grantee: IGrantable, ...actions: string[]): Grant;

  /** The sessions that were given: one for each successful CreateSession. Statistic: sum over 5 minutes. */
  metricSuccess(options?: MetricOptions): Metric;

  /**
   * The days until the first CA certificate of the trust anchor expires. The service publishes it at most once a day, and
   * only from the threshold of the notification setting on (45 days by default). Statistic: minimum over a day.
   */
  metricDaysToExpiry(options?: MetricOptions): Metric;
}

/** When the service tells that certificates are about to expire. */
export interface NotificationSetting {
  /**
   * `CA_CERTIFICATE_EXPIRY`: a CA certificate of the trust anchor. `END_ENTITY_CERTIFICATE_EXPIRY`: a certificate that was
   * used to get a session.
   */
  readonly event: "CA_CERTIFICATE_EXPIRY" | "END_ENTITY_CERTIFICATE_EXPIRY";

  /**
   * From how many days before the expiry on, 1 to 360.
   *
   * @default 45
   */
  readonly thresholdDays?: number | undefined;

  /**
   * Whether the service tells at all, by CloudWatch metric, EventBridge event and AWS Health.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;
}

/** Properties of {@link TrustAnchor}, except for where its CA comes from. */
export interface TrustAnchorOptions {
  /**
   * Name shown in the console: 1 to 255 letters, digits, spaces, `-` and `_`.
   *
   * @default - a name made of the construct's path
   */
  readonly trustAnchorName?: string | undefined;

  /**
   * Whether certificates under this CA can get new sessions. Existing sessions remain valid until they expire.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;

  /**
   * When the service tells that certificates are about to expire, at most one setting for each event.
   *
   * @default - 45 days before, for both events
   */
  readonly notificationSettings?: readonly NotificationSetting[] | undefined;
}

/** Properties of {@link TrustAnchor}. */
export interface TrustAnchorProps extends TrustAnchorOptions {
  /** The CA. Changing it updates the trust anchor in place: its ARN stays. */
  readonly source: TrustAnchorSource;
}

const DEFAULT_THRESHOLD_DAYS = 45;

const EVENTS: readonly NotificationSetting["event"][] = [
  "CA_CERTIFICATE_EXPIRY",
  "END_ENTITY_CERTIFICATE_EXPIRY",
];

abstract class TrustAnchorBase extends Resource implements ITrustAnchor {
  abstract readonly trustAnchorArn: string;
  abstract readonly trustAnchorId: string;

  grant(grantee: IGrantable, ...actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.trustAnchorArn] });
  }

  metricSuccess(options?: MetricOptions): Metric {
    return trustAnchorMetric("Success", this.trustAnchorArn, options).attachTo(this);
  }

  metricDaysToExpiry(options?: MetricOptions): Metric {
    return trustAnchorMetric("DaysToExpiry", this.trustAnchorArn, options).attachTo(this);
  }
}

/**
 * The CA that IAM Roles Anywhere trusts: certificates issued under it may ask for sessions in this account and region.
 *
 * @example
 * const trustAnchor = TrustAnchor.fromPem(this, "TrustAnchor", readFileSync("pki/rootCA.pem", "utf8"));
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-trustanchor.html
 */
export class TrustAnchor extends TrustAnchorBase {
  /**
   * Makes a trust anchor for one CA certificate in PEM, or two while a CA is being replaced.
   *
   * @throws {InfraError} as {@link TrustAnchorSource.fromPem} and the constructor do
   */
  static fromPem(
    scope: Construct,
    id: string,
    caCertificatePem: string,
    options: TrustAnchorOptions = {},
  ): TrustAnchor {
    return new TrustAnchor(scope, id, { ...options, source: TrustAnchorSource.fromPem(caCertificatePem) });
  }

  /**
   * Makes a trust anchor for a CA of AWS Private CA.
   *
   * @throws {InfraError} as {@link TrustAnchorSource.fromPrivateCa} and the constructor do
   */
  static fromPrivateCa(
    scope: Construct,
    id: string,
    certificateAuthority: ICertificateAuthority,
    options: TrustAnchorOptions = {},
  ): TrustAnchor {
    return new TrustAnchor(scope, id, {
      ...options,
      source: TrustAnchorSource.fromPrivateCa(certificateAuthority),
    });
  }

  /**
   * Refers to a trust anchor that exists already.
   *
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is missing or no ARN of a trust anchor
   */
  static fromTrustAnchorArn(scope: Construct, id: string, trustAnchorArn: string): ITrustAnchor {
    const arn = arnOfKind("trustAnchorArn", trustAnchorArn, "trustAnchor");
    class Import extends TrustAnchorBase {
      readonly trustAnchorArn = arn;
      readonly trustAnchorId =
        Stack.of(scope).splitArn(arn, ArnFormat.SLASH_RESOURCE_NAME).resourceName ?? "";
    }
    return new Import(scope, id, { environmentFromArn: arn });
  }

  /**
   * All calls of CreateSession that failed in this account and region, whatever the trust anchor: the service publishes
   * failures without it. Sum over 5 minutes.
   */
  static metricAllFailures(options?: MathExpressionOptions): IMetric {
    return allFailures(options);
  }

  readonly trustAnchorArn: string;
  readonly trustAnchorId: string;

  /** From how many days before the expiry of a CA certificate on the service tells; 0 when it shall not tell. */
  readonly caExpiryThresholdDays: number;

  /** @throws {InfraError} ERR_INFRA_OPTION_INVALID when the source is missing, or an option is one that the service refuses */
  constructor(scope: Construct, id: string, props: TrustAnchorProps) {
    super(scope, id);
    const source = required(
      "source",
      props?.source,
      "give TrustAnchorSource.fromPem(…) or .fromPrivateCa(…)",
    );
    const expiry = optionalList("notificationSettings", props.notificationSettings)?.find(
      ({ event }) => event === "CA_CERTIFICATE_EXPIRY",
    );
    this.caExpiryThresholdDays =
      expiry?.enabled === false ? 0 : (expiry?.thresholdDays ?? DEFAULT_THRESHOLD_DAYS);
    const trustAnchor = new CfnTrustAnchor(this, "Resource", {
      name: resourceName("trustAnchorName", props.trustAnchorName ?? defaultName(this)),
      // Without this the service creates a disabled trust anchor.
      enabled: props.enabled ?? true,
      source: {
        sourceType: source.sourceType,
        sourceData: { x509CertificateData: source.x509CertificateData, acmPcaArn: source.acmPcaArn },
      },
      notificationSettings: notificationSettings(props.notificationSettings),
    });
    this.trustAnchorArn = trustAnchor.attrTrustAnchorArn;
    this.trustAnchorId = trustAnchor.attrTrustAnchorId;
  }
}

/** A name that says where in the app the construct is. */
export function defaultName(construct: Construct): string {
  return Names.uniqueResourceName(construct, {
    maxLength: 255,
    separator: "-",
    allowedSpecialCharacters: "-_",
  });
}

function notificationSettings(
  settings: readonly NotificationSetting[] | undefined,
): CfnTrustAnchor.NotificationSettingProperty[] | undefined {
  const events = settings?.map(({ event }) => event) ?? [];
  for (const [index, event] of events.entries()) {
    if (!EVENTS.includes(event)) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `notificationSettings has the event ${JSON.stringify(event)}; use ${EVENTS.join(" or ")}.`,
      );
    }
    if (events.indexOf(event) !== index) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `notificationSettings has ${event} twice; give one setting for each event.`,
      );
    }
  }
  return settings?.map(({ event, thresholdDays = DEFAULT_THRESHOLD_DAYS, enabled = true }) => ({
    event,
    enabled,
    threshold: wholeNumber("thresholdDays", thresholdDays, 1, 360),
    channel: "ALL",
  }));
}
