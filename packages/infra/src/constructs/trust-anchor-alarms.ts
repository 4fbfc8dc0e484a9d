import { Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Rule } from "aws-cdk-lib/aws-events";
import { SnsTopic } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import { Annotations, Duration, Stack, Token } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { required, wholeNumber } from "./checks.ts";
import { TrustAnchor } from "./trust-anchor.ts";
import type { ITrustAnchor } from "./trust-anchor.ts";

/** Properties of {@link TrustAnchorAlarms}. */
export interface TrustAnchorAlarmsProps {
  /** The trust anchor whose CA certificate is watched. */
  readonly trustAnchor: ITrustAnchor;

  /**
   * Where alarms and events go. Its policy must let CloudWatch and EventBridge publish.
   *
   * @default - a new topic that refuses publishers without TLS
   */
  readonly topic?: ITopic | undefined;

  /**
   * The alarm on the CA certificate is raised when it has this many days left, 1 to 360. The service publishes the days
   * only from the threshold of the trust anchor's notification setting on, so keep it at or below that (45 by default).
   *
   * @default 30
   */
  readonly daysToExpiry?: number | undefined;

  /**
   * The alarm on failures is raised when this many calls of CreateSession fail within 5 minutes, in the whole account and
   * region: the service publishes failures without the trust anchor.
   *
   * @default 1
   */
  readonly failures?: number | undefined;
}

/**
 * Tells when certificates are about to expire and when servers are refused: an EventBridge rule for the expiry of CA and
 * client certificates, an alarm on the days that the CA certificate has left, and an alarm on failed CreateSession calls.
 * All three publish to one SNS topic.
 *
 * @example
 * const { topic } = new TrustAnchorAlarms(this, "Alarms", { trustAnchor });
 * topic.addSubscription(new EmailSubscription("operations@example.org"));
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/monitoring-events.html
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/monitoring-cloudwatch.html
 */
export class TrustAnchorAlarms extends Construct {
  /** Where alarms and events go. */
  readonly topic: ITopic;
  /** Publishes the events about certificates that expire, of the whole account and region. */
  readonly expiryRule: Rule;
  /** Raised when the CA certificate has few days left. */
  readonly expiryAlarm: Alarm;
  /** Raised when CreateSession fails. */
  readonly failureAlarm: Alarm;

  /** @throws {InfraError} ERR_INFRA_OPTION_INVALID when the trust anchor is missing, or a number is out of its range */
  constructor(scope: Construct, id: string, props: TrustAnchorAlarmsProps) {
    super(scope, id);
    const trustAnchor = required("trustAnchor", props?.trustAnchor, "give the trust anchor to watch");
    const daysToExpiry = wholeNumber("daysToExpiry", props.daysToExpiry ?? 30, 1, 360);
    const failures = wholeNumber("failures", props.failures ?? 1, 1, Number.MAX_SAFE_INTEGER);
    this.warnOfLateMetric(trustAnchor, daysToExpiry);
    this.topic = props.topic ?? newTopic(this);

    // Events about client certificates name no trust anchor, so the pattern cannot either.
    this.expiryRule = new Rule(this, "ExpiryRule", {
      description: "A certificate that IAM Roles Anywhere uses is about to expire",
      eventPattern: {
        source: ["aws.rolesanywhere"],
        detailType: ["Roles Anywhere Certificate Expiration State Change"],
      },
      targets: [new SnsTopic(this.topic)],
    });
    this.expiryAlarm = trustAnchor.metricDaysToExpiry().createAlarm(this, "ExpiryAlarm", {
      alarmDescription: `The CA certificate of a trust anchor of IAM Roles Anywhere expires in ${daysToExpiry} days or less`,
      threshold: daysToExpiry,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      // The service publishes nothing while the expiry is far away.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.failureAlarm = new Alarm(this, "FailureAlarm", {
      alarmDescription: "IAM Roles Anywhere refused to give sessions",
      metric: TrustAnchor.metricAllFailures({ period: Duration.minutes(5) }),
      threshold: failures,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    for (const alarm of [this.expiryAlarm, this.failureAlarm])
      alarm.addAlarmAction(new SnsAction(this.topic));
  }

  private warnOfLateMetric(trustAnchor: ITrustAnchor, daysToExpiry: number): void {
    if (!(trustAnchor instanceof TrustAnchor)) return;
    const { caExpiryThresholdDays: threshold } = trustAnchor;
    if (Token.isUnresolved(threshold) || Token.isUnresolved(daysToExpiry) || daysToExpiry <= threshold) {
      return;
    }
    const published =
      threshold === 0 ? "never publishes it" : `publishes it from ${threshold} days before the expiry on`;
    Annotations.of(this).addWarningV2(
      "@roles-anywhere/infra:lateExpiryMetric",
      `The alarm waits for DaysToExpiry at ${daysToExpiry}, but the service ${published}. Give the trust anchor ` +
        `notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: ${daysToExpiry} }].`,
    );
  }
}

/** Enforcing TLS gives the topic a policy, and with a policy of its own CloudWatch must be named in it. */
function newTopic(scope: Construct): Topic {
  const topic = new Topic(scope, "Topic", { enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return topic;
}
