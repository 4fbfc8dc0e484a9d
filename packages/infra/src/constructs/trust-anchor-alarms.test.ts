import { Topic } from "aws-cdk-lib/aws-sns";
import { Template } from "aws-cdk-lib/assertions";
import { App, Stack } from "aws-cdk-lib/core";
import { describe, expect, it } from "vitest";
import { makeTestCertificates } from "../../test/support/certificates.ts";
import { onlyId, onlyProperties, warningsOf } from "../../test/support/template.ts";
import type { NotificationSetting } from "./trust-anchor.ts";
import { TrustAnchor } from "./trust-anchor.ts";
import { TrustAnchorAlarms } from "./trust-anchor-alarms.ts";
import type { TrustAnchorAlarmsProps } from "./trust-anchor-alarms.ts";

const ARN = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11";

function stackWith(props: Partial<TrustAnchorAlarmsProps> = {}): Stack {
  const stack = new Stack(new App(), "Mine");
  const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
  new TrustAnchorAlarms(stack, "Alarms", { trustAnchor, ...props });
  return stack;
}

const alarmNamed = (template: Template, name: string) =>
  Object.entries(template.findResources("AWS::CloudWatch::Alarm")).find(([id]) => id.includes(name))?.[1][
    "Properties"
  ];

describe("TrustAnchorAlarms", () => {
  const template = Template.fromStack(stackWith());
  const topic = { Ref: onlyId(template, "AWS::SNS::Topic") };

  it("publishes the events about certificates that expire", () => {
    expect(onlyProperties(template, "AWS::Events::Rule")).toMatchObject({
      State: "ENABLED",
      EventPattern: {
        source: ["aws.rolesanywhere"],
        "detail-type": ["Roles Anywhere Certificate Expiration State Change"],
      },
      Targets: [{ Arn: topic }],
    });
  });

  it("raises an alarm when the CA certificate has 30 days left", () => {
    expect(alarmNamed(template, "ExpiryAlarm")).toMatchObject({
      Namespace: "AWS/RolesAnywhere",
      MetricName: "DaysToExpiry",
      Dimensions: [{ Name: "TrustAnchorArn", Value: ARN }],
      Statistic: "Minimum",
      Period: 86_400,
      Threshold: 30,
      ComparisonOperator: "LessThanOrEqualToThreshold",
      EvaluationPeriods: 1,
      TreatMissingData: "notBreaching",
      AlarmActions: [topic],
    });
  });

  it("raises an alarm at the first failure of five minutes", () => {
    expect(alarmNamed(template, "FailureAlarm")).toMatchObject({
      Metrics: [
        {
          Expression: `SELECT SUM(Failure) FROM "AWS/RolesAnywhere" WHERE Operation = 'CreateSession'`,
          Period: 300,
        },
      ],
      Threshold: 1,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
      EvaluationPeriods: 1,
      TreatMissingData: "notBreaching",
      AlarmActions: [topic],
    });
  });

  it("lets EventBridge and CloudWatch publish to its topic, and nobody without TLS", () => {
    const { PolicyDocument } = onlyProperties(template, "AWS::SNS::TopicPolicy");
    expect(PolicyDocument).toMatchObject({
      Statement: expect.arrayContaining([
        expect.objectContaining({ Effect: "Allow", Principal: { Service: "events.amazonaws.com" } }),
        expect.objectContaining({
          Effect: "Allow",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: "sns:Publish",
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        }),
        expect.objectContaining({
          Effect: "Deny",
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      ]),
    });
  });

  it("takes other thresholds and a topic of the app", () => {
    const stack = new Stack(new App(), "Mine");
    const trustAnchor = TrustAnchor.fromTrustAnchorArn(stack, "TrustAnchor", ARN);
    const own = Topic.fromTopicArn(stack, "Own", "arn:aws:sns:eu-west-1:111122223333:operations");
    new TrustAnchorAlarms(stack, "Alarms", { trustAnchor, topic: own, daysToExpiry: 14, failures: 5 });
    const changed = Template.fromStack(stack);
    changed.resourceCountIs("AWS::SNS::Topic", 0);
    const AlarmActions = ["arn:aws:sns:eu-west-1:111122223333:operations"];
    expect(alarmNamed(changed, "ExpiryAlarm")).toMatchObject({ Threshold: 14, AlarmActions });
    expect(alarmNamed(changed, "FailureAlarm")).toMatchObject({ Threshold: 5, AlarmActions });
  });

  const warningsFor = (daysToExpiry: number, notificationSettings?: readonly NotificationSetting[]) => {
    const stack = new Stack(new App(), "Mine");
    const options = { notificationSettings };
    const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", makeTestCertificates().rootCa, options);
    new TrustAnchorAlarms(stack, "Alarms", { trustAnchor, daysToExpiry });
    return warningsOf(stack);
  };

  it.each<[number, NotificationSetting[] | undefined, string]>([
    [46, undefined, "publishes it from 45 days before the expiry on"],
    [61, [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 60 }], "publishes it from 60 days"],
    [1, [{ event: "CA_CERTIFICATE_EXPIRY", enabled: false }], "never publishes it"],
  ])("warns when it waits for %i days and the service tells later", (days, settings, message) => {
    expect(warningsFor(days, settings)).toEqual([expect.stringContaining(message)]);
  });

  it.each<[number, NotificationSetting[] | undefined]>([
    [45, undefined],
    [45, [{ event: "END_ENTITY_CERTIFICATE_EXPIRY", thresholdDays: 10 }]],
    [60, [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 60 }]],
  ])("does not warn when it waits for %i days and the service tells by then", (days, settings) => {
    expect(warningsFor(days, settings)).toEqual([]);
  });

  it.each<[string, Partial<TrustAnchorAlarmsProps>, string]>([
    ["0 days", { daysToExpiry: 0 }, "daysToExpiry is 0; use a whole number from 1 to 360"],
    ["361 days", { daysToExpiry: 361 }, "daysToExpiry is 361"],
    ["0 failures", { failures: 0 }, "failures is 0"],
  ])("refuses %s", (_, props, message) => {
    expect(() => stackWith(props)).toThrowError(
      expect.objectContaining({
        code: "ERR_INFRA_OPTION_INVALID",
        message: expect.stringContaining(message),
      }),
    );
  });
});
