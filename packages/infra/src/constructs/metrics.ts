import { MathExpression, Metric, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { IMetric, MathExpressionOptions, MetricOptions } from "aws-cdk-lib/aws-cloudwatch";
import { Duration } from "aws-cdk-lib/core";

/** The namespace in which IAM Roles Anywhere publishes its metrics. */
const NAMESPACE = "AWS/RolesAnywhere";

/** The metrics of one trust anchor, by their names in CloudWatch. */
const OF_TRUST_ANCHOR = {
  /** One for each CreateSession that returned credentials. */
  Success: { dimensions: { Operation: "CreateSession" }, statistic: Stats.SUM, period: undefined },
  /** Days until the CA certificate expires; at most once a day, from the notification threshold on. */
  DaysToExpiry: { dimensions: {}, statistic: Stats.MINIMUM, period: Duration.days(1) },
} as const;

/** The name of a metric that the service publishes for each trust anchor. */
export type TrustAnchorMetricName = keyof typeof OF_TRUST_ANCHOR;

/**
 * A metric of one trust anchor, with the dimensions, statistic and period that suit it.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/monitoring-cloudwatch.html
 */
export function trustAnchorMetric(
  metricName: TrustAnchorMetricName,
  trustAnchorArn: string,
  options: MetricOptions = {},
): Metric {
  const { dimensions, statistic, period } = OF_TRUST_ANCHOR[metricName];
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { ...dimensions, TrustAnchorArn: trustAnchorArn },
    statistic,
    period,
    ...options,
  });
}

/**
 * All calls of CreateSession that failed in this account and region. The service publishes failures by the type of the
 * error and without the trust anchor, so this is a query that adds all types.
 */
export function allFailures(options: MathExpressionOptions = {}): IMetric {
  return new MathExpression({
    expression: `SELECT SUM(Failure) FROM "${NAMESPACE}" WHERE Operation = 'CreateSession'`,
    label: "CreateSession failures",
    ...options,
  });
}
