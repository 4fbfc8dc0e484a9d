/* oxlint-disable eslint/no-new -- a construct adds itself to its scope */
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from "@aws-sdk/client-eventbridge";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { GetTopicAttributesCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  CertificateRevocationList,
  ExternalServer,
  Profile,
  TrustAnchor,
  TrustAnchorAlarms,
} from "@roles-anywhere/infra";
import type { NotificationSetting } from "@roles-anywhere/infra";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { ManagedPolicy, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { CfnOutput, LegacyStackSynthesizer, Stack, Tags } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { z } from "zod";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { callControlPlane } from "../../src/aws/control-plane.ts";

/** What the service holds when a template gives no setting. */
const DEFAULT_THRESHOLD_DAYS = 45;

/** At first, after a change, and after a second one. */
export type Step = 0 | 1 | 2;

interface Properties {
  readonly enabled: boolean;
  readonly notificationSettings: readonly NotificationSetting[];
  /** Names of policies of AWS. */
  readonly managedPolicies: readonly string[];
  /** The action that the session policy allows. */
  readonly action: string;
  readonly acceptRoleSessionName: boolean;
  readonly mappings: Partial<Record<"x509Subject" | "x509Issuer" | "x509SAN", readonly string[]>>;
  /** Value of a tag. */
  readonly team: string;
}

/** Every property that can change in place. */
const STEPS: Readonly<Record<Step, Properties>> = {
  0: {
    enabled: true,
    notificationSettings: [{ event: "CA_CERTIFICATE_EXPIRY", thresholdDays: 90 }],
    managedPolicies: ["ReadOnlyAccess", "job-function/ViewOnlyAccess"],
    action: "s3:GetObject",
    acceptRoleSessionName: true,
    mappings: { x509Subject: ["CN", "OU", "O"], x509Issuer: ["CN"], x509SAN: ["DNS", "URI"] },
    team: "reports",
  },
  1: {
    enabled: false,
    notificationSettings: [
      { event: "CA_CERTIFICATE_EXPIRY", enabled: false },
      { event: "END_ENTITY_CERTIFICATE_EXPIRY", thresholdDays: 10 },
    ],
    managedPolicies: ["ReadOnlyAccess"],
    action: "s3:ListBucket",
    acceptRoleSessionName: false,
    mappings: { x509Subject: ["*"], x509Issuer: ["CN", "O"], x509SAN: ["URI"] },
    team: "billing",
  },
  2: {
    enabled: true,
    notificationSettings: [],
    managedPolicies: [],
    action: "s3:GetObject",
    acceptRoleSessionName: true,
    mappings: { x509Subject: ["*"] },
    team: "reports",
  },
};

const NAME = "everything";
const BOUNDARY = "PowerUserAccess";

/** A stack with every construct, and with every property that it has. */
export function addEverything(app: App, step: Step, caCertificatePem: string, crlPem: string): void {
  const { enabled, notificationSettings, managedPolicies, action, acceptRoleSessionName, mappings, team } =
    STEPS[step];
  const stack = new Stack(app, "Everything", { synthesizer: new LegacyStackSynthesizer() });
  const trustAnchor = TrustAnchor.fromPem(stack, "TrustAnchor", caCertificatePem, {
    trustAnchorName: NAME,
    enabled,
    notificationSettings,
  });
  const crl = new CertificateRevocationList(stack, "Crl", { trustAnchor, crlName: NAME, crlPem, enabled });
  const server = new ExternalServer(stack, "Server", {
    trustAnchor,
    commonNames: ["server-a"],
    organizationalUnits: ["Reports", "Billing"],
    organizations: ["Example"],
    dnsNames: ["server-a.example.org"],
    uris: ["spiffe://example.org/server-a"],
    issuerCommonNames: ["Root"],
    conditions: { DateLessThan: { "aws:CurrentTime": "2040-01-01T00:00:00Z" } },
    permissionsBoundary: ManagedPolicy.fromAwsManagedPolicyName(BOUNDARY),
    durationSeconds: 7200,
  });
  const profile = new Profile(stack, "Profile", {
    roles: [server.role],
    profileName: NAME,
    enabled,
    durationSeconds: 900,
    sessionPolicy: new PolicyDocument({
      statements: [new PolicyStatement({ actions: [action], resources: ["*"] })],
    }),
    managedPolicies: managedPolicies.map((name) => ManagedPolicy.fromAwsManagedPolicyName(name)),
    attributeMappings: (["x509Subject", "x509Issuer", "x509SAN"] as const).flatMap((certificateField) => {
      const specifiers = mappings[certificateField];
      return specifiers === undefined ? [] : [{ certificateField, specifiers }];
    }),
    acceptRoleSessionName,
  });
  const alarms = new TrustAnchorAlarms(stack, "Alarms", { trustAnchor, daysToExpiry: 45, failures: 3 });
  // LocalStack makes a topic anew when its tags change.
  for (const construct of [trustAnchor, crl, profile]) Tags.of(construct).add("team", team);
  const outputs = {
    TrustAnchorArn: trustAnchor.trustAnchorArn,
    CrlArn: crl.crlArn,
    ProfileArn: profile.profileArn,
    TopicArn: alarms.topic.topicArn,
    RuleName: alarms.expiryRule.ruleName,
    ExpiryAlarm: alarms.expiryAlarm.alarmName,
    FailureAlarm: alarms.failureAlarm.alarmName,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}

/** Reads everything back, from the mock and from LocalStack. */
export async function readEverything(
  sandbox: Sandbox,
  outputs: Readonly<Record<string, string>>,
): Promise<object> {
  const {
    TrustAnchorArn = "",
    CrlArn = "",
    ProfileArn = "",
    ServerProfileArn = "",
    ServerRoleArn = "",
  } = outputs;
  const { TopicArn = "", RuleName = "", ExpiryAlarm = "", FailureAlarm = "" } = outputs;
  const get = (path: string, arn: string) =>
    callControlPlane(sandbox, "GET", `${path}/${arn.split("/").at(-1)}`);
  const tagsOf = async (arn: string): Promise<unknown> => {
    const answer = await callControlPlane(
      sandbox,
      "GET",
      `/ListTagsForResource?resourceArn=${encodeURIComponent(arn)}`,
    );
    const { tags } = z
      .object({ tags: z.array(z.object({ key: z.string(), value: z.string() })) })
      .parse(answer);
    return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  };
  const [events, watch] = [
    administratorClient(EventBridgeClient, { sandbox }),
    administratorClient(CloudWatchClient, { sandbox }),
  ];
  const { Role } = await administratorClient(IAMClient, { sandbox }).send(
    new GetRoleCommand({ RoleName: ServerRoleArn.split("/").at(-1) }),
  );
  const rule = await events.send(new DescribeRuleCommand({ Name: RuleName }));
  const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule: RuleName }));
  const { MetricAlarms = [] } = await watch.send(
    new DescribeAlarmsCommand({ AlarmNames: [ExpiryAlarm, FailureAlarm] }),
  );
  const { Attributes = {} } = await administratorClient(SNSClient, { sandbox }).send(
    new GetTopicAttributesCommand({ TopicArn }),
  );
  return {
    trustAnchor: await get("/trustanchor", TrustAnchorArn),
    crl: await get("/crl", CrlArn),
    profile: await get("/profile", ProfileArn),
    serverProfile: await get("/profile", ServerProfileArn),
    tags: [await tagsOf(TrustAnchorArn), await tagsOf(CrlArn), await tagsOf(ProfileArn)],
    role: {
      maxSessionDuration: Role?.MaxSessionDuration,
      boundary: Role?.PermissionsBoundary?.PermissionsBoundaryArn,
      trustPolicy: JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")),
    },
    rule: {
      pattern: JSON.parse(rule.EventPattern ?? ""),
      state: rule.State,
      targets: Targets.map(({ Arn }) => Arn),
    },
    alarms: Object.fromEntries(MetricAlarms.map((alarm) => [alarm.AlarmName, alarm])),
    topicPolicy: JSON.parse(Attributes["Policy"] ?? ""),
  };
}

/** What `readEverything` must find after a step. */
export function everythingAfter(
  step: Step,
  outputs: Readonly<Record<string, string>>,
  crlPem: string,
): object {
  const { enabled, notificationSettings, managedPolicies, action, acceptRoleSessionName, mappings, team } =
    STEPS[step];
  return {
    trustAnchor: {
      trustAnchor: {
        name: NAME,
        enabled,
        notificationSettings: (["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"] as const).map(
          (event) => {
            const { enabled = true, thresholdDays: threshold = DEFAULT_THRESHOLD_DAYS } =
              notificationSettings.find((setting) => setting.event === event) ?? {};
            return { event, enabled, threshold, channel: "ALL" };
          },
        ),
      },
    },
    crl: { crl: { name: NAME, enabled, crlData: Buffer.from(crlPem).toString("base64") } },
    profile: {
      profile: {
        name: NAME,
        enabled,
        durationSeconds: 900,
        roleArns: [outputs["ServerRoleArn"]],
        managedPolicyArns: managedPolicies.map((name) => `arn:aws:iam::aws:policy/${name}`),
        acceptRoleSessionName,
        attributeMappings: [
          { certificateField: "x509Issuer", mappingRules: rules(mappings.x509Issuer ?? ["*"]) },
          { certificateField: "x509SAN", mappingRules: rules(mappings.x509SAN ?? ["DNS", "URI", "Name/*"]) },
          { certificateField: "x509Subject", mappingRules: rules(mappings.x509Subject ?? ["*"]) },
        ],
        sessionPolicy: JSON.stringify({
          Statement: [{ Action: action, Effect: "Allow", Resource: "*" }],
          Version: "2012-10-17",
        }),
      },
    },
    serverProfile: {
      profile: { enabled: true, durationSeconds: 7200, roleArns: [outputs["ServerRoleArn"]] },
    },
    tags: [{ team }, { team }, { team }],
    role: {
      maxSessionDuration: 7200,
      boundary: `arn:aws:iam::aws:policy/${BOUNDARY}`,
      trustPolicy: {
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "rolesanywhere.amazonaws.com" },
            Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
            Condition: {
              ArnEquals: { "aws:SourceArn": outputs["TrustAnchorArn"] },
              StringEquals: {
                "aws:PrincipalTag/x509Subject/CN": ["server-a"],
                "aws:PrincipalTag/x509Subject/OU": ["Reports", "Billing"],
                "aws:PrincipalTag/x509Subject/O": ["Example"],
                "aws:PrincipalTag/x509SAN/DNS": ["server-a.example.org"],
                "aws:PrincipalTag/x509SAN/URI": ["spiffe://example.org/server-a"],
                "aws:PrincipalTag/x509Issuer/CN": ["Root"],
              },
              DateLessThan: { "aws:CurrentTime": "2040-01-01T00:00:00Z" },
            },
          },
        ],
      },
    },
    rule: {
      pattern: {
        source: ["aws.rolesanywhere"],
        "detail-type": ["Roles Anywhere Certificate Expiration State Change"],
      },
      state: "ENABLED",
      targets: [outputs["TopicArn"]],
    },
    alarms: {
      [outputs["ExpiryAlarm"] ?? ""]: {
        MetricName: "DaysToExpiry",
        Namespace: "AWS/RolesAnywhere",
        Threshold: 45,
        Statistic: "Minimum",
        AlarmActions: [outputs["TopicArn"]],
      },
      [outputs["FailureAlarm"] ?? ""]: {
        Metrics: [
          {
            Expression: `SELECT SUM(Failure) FROM "AWS/RolesAnywhere" WHERE Operation = 'CreateSession'`,
            Period: 300,
          },
        ],
        Threshold: 3,
        AlarmActions: [outputs["TopicArn"]],
      },
    },
  };
}

function rules(specifiers: readonly string[]): readonly { specifier: string }[] {
  return specifiers.map((specifier) => ({ specifier }));
}
