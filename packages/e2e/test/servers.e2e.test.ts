import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from "@aws-sdk/client-iam";
import { runSupervised, startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { makeAuthority, makeCertificate } from "@roles-anywhere/testing";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readSettings } from "../src/settings/read-settings.ts";
import { credentialProcessOf } from "../src/story/external-server/external-server.ts";
import { runProgram } from "../src/story/programs.ts";
import { addServers, DENIED_BEFORE } from "./servers/stack.ts";
import { administratorClient } from "../src/aws/administrator-client.ts";
import { callJson, callQuery } from "./support/call-local-stack.ts";
import { createCdk } from "../src/aws/cdk.ts";
import type { Cdk } from "../src/aws/cdk.ts";
import { callControlPlane } from "../src/aws/control-plane.ts";
import { askForSession } from "./support/send-create-session.ts";

const root = makeAuthority();
/** Both certificates are of the CA that the trust anchor trusts. */
const CERTIFICATES = {
  A: makeCertificate({ subject: [["CN", "server-a"]] }, root),
  B: makeCertificate({ subject: [["CN", "server-b"]], uri: ["spiffe://example.org/server-b"] }, root),
};
type ServerName = keyof typeof CERTIFICATES;

const rule = z.object({ EventPattern: z.string() });
const ruleTargets = z.object({ Targets: z.array(z.object({ Arn: z.string() })) });

describe("servers with different rights in an app of somebody else", { timeout: 120_000 }, () => {
  let sandbox: Sandbox;
  let cdk: Cdk;
  let outputs: Readonly<Record<string, string>>;
  const output = (name: string): string => outputs[name] ?? `there is no output ${name}`;
  const idOf = (name: string): string => output(name).split("/").at(-1) ?? "";

  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startSandbox({ backend, services: ["events", "sns", "cloudwatch"] });
    cdk = createCdk(sandbox);
    const deployed = await cdk.deploy((app) => addServers(app, root.certificatePem));
    outputs = deployed["Servers"] ?? {};
  });
  afterAll(() => sandbox?.stop());

  /** Asks for the session of one server with the certificate of one. */
  const ask = async (certificateOf: ServerName, server: ServerName, roleOf: ServerName = server) => {
    const { certificatePem, privateKeyPem } = CERTIFICATES[certificateOf];
    return await askForSession(sandbox, {
      certificate: certificatePem,
      privateKey: privateKeyPem,
      trustAnchorArn: output(`${server}TrustAnchorArn`),
      profileArn: output(`${server}ProfileArn`),
      roleArn: output(`${roleOf}RoleArn`),
    });
  };

  it.each<[ServerName, ServerName]>([
    ["A", "A"],
    ["B", "B"],
  ])("the certificate of %s gets the session of %s", async (certificate, server) => {
    expect(await ask(certificate, server)).toMatchObject({ status: 201 });
  });

  it.each<[ServerName, ServerName, ServerName, string]>([
    ["A", "B", "B", "TRUST_POLICY_DENIED"],
    ["B", "A", "A", "TRUST_POLICY_DENIED"],
    ["A", "A", "B", "ROLE_NOT_IN_PROFILE"],
  ])("the certificate of %s is refused with the profile of %s and the role of %s", async (...row) => {
    const [certificate, server, role, reason] = row;
    expect(await ask(certificate, server, role)).toMatchObject({
      status: 403,
      audit: { _mock: { verdict: "refused", reason } },
    });
  });

  it.each<ServerName>(["A", "B"])("ra-signer finds the outputs of server %s by its name", async (server) => {
    const path = (name: string): string => join(sandbox.workDirectory, `${server}-${name}`);
    await writeFile(path("outputs.json"), JSON.stringify({ Servers: outputs }));
    await writeFile(path("client.pem"), CERTIFICATES[server].certificatePem);
    await writeFile(path("client.key"), CERTIFICATES[server].privateKeyPem, { mode: 0o600 });
    const environment = { ...sandbox.environments.server, AWS_CONFIG_FILE: path("config") };
    await runProgram("ra-signer", {
      arguments: [
        ...["configure", "--profile", "reports", "--from-outputs", path("outputs.json"), "--server", server],
        ...["--certificate", path("client.pem"), "--private-key", path("client.key")],
      ],
      environment,
    });
    const line = credentialProcessOf(await readFile(path("config"), "utf8"));
    const printed = await runSupervised({ command: "/bin/sh", arguments: ["-c", line], environment });
    expect(printed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"SessionToken"') });
    expect(line).toContain(`--role-arn "${output(`${server}RoleArn`)}"`);
  });

  it("the trust anchor has its notification settings and tags", async () => {
    expect(await callControlPlane(sandbox, "GET", `/trustanchor/${idOf("ATrustAnchorArn")}`)).toMatchObject({
      trustAnchor: {
        trustAnchorArn: output("ATrustAnchorArn"),
        name: expect.stringMatching(/^Servers-TrustAnchor-/),
        notificationSettings: expect.arrayContaining([
          expect.objectContaining({ event: "CA_CERTIFICATE_EXPIRY", enabled: true, threshold: 90 }),
          expect.objectContaining({ event: "END_ENTITY_CERTIFICATE_EXPIRY", enabled: false }),
        ]),
      },
    });
  });

  it("the profile has its session policy, managed policies, mappings and the rest", async () => {
    expect(await callControlPlane(sandbox, "GET", `/profile/${idOf("BProfileArn")}`)).toMatchObject({
      profile: {
        name: "Server B",
        enabled: true,
        durationSeconds: 900,
        acceptRoleSessionName: true,
        roleArns: [output("BRoleArn")],
        managedPolicyArns: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
        sessionPolicy: JSON.stringify({
          Statement: [{ Action: "s3:*", Effect: "Allow", Resource: output("BucketArn") }],
          Version: "2012-10-17",
        }),
        attributeMappings: expect.arrayContaining([
          { certificateField: "x509SAN", mappingRules: [{ specifier: "URI" }] },
        ]),
      },
    });
  });

  it("the role of B, and no other, has the policy that denies older sessions", async () => {
    const denials = async (server: ServerName) =>
      (await rolePolicies(sandbox, idOf(`${server}RoleArn`))).filter((text) => text.includes('"Deny"'));
    expect((await denials("B")).map((text) => JSON.parse(text))).toEqual([
      {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Deny",
            Action: "*",
            Resource: "*",
            Condition: { DateLessThan: { "aws:TokenIssueTime": DENIED_BEFORE.toISOString() } },
          },
        ],
      },
    ]);
    expect(await denials("A")).toEqual([]);
  });

  it("the rule publishes the events that AWS documents, and no others", async () => {
    const Name = output("RuleName");
    const { EventPattern } = rule.parse(
      await callJson(sandbox, "events", "AWSEvents.DescribeRule", { Name }),
    );
    const matches = async (changes: object): Promise<unknown> =>
      await callJson(sandbox, "events", "AWSEvents.TestEventPattern", {
        EventPattern,
        Event: JSON.stringify({ ...EXPIRY_EVENT, ...changes }),
      });
    expect(await matches({})).toEqual({ Result: true });
    expect(await matches({ resources: [output("ATrustAnchorArn")] })).toEqual({ Result: true });
    expect(await matches({ source: "aws.acm" })).toEqual({ Result: false });
    const { Targets } = ruleTargets.parse(
      await callJson(sandbox, "events", "AWSEvents.ListTargetsByRule", { Rule: Name }),
    );
    expect(Targets.map(({ Arn }) => Arn)).toEqual([output("TopicArn")]);
  });

  it("the alarms watch what they should, and tell the topic", async () => {
    const xml = await callQuery(sandbox, "monitoring", { Action: "DescribeAlarms", Version: "2010-08-01" });
    const alarms = xml.match(/<member><AlarmName>.*?(?=<member><AlarmName>|<\/MetricAlarms>)/gs) ?? [];
    expect(alarms).toHaveLength(2);
    for (const alarm of alarms) expect(alarm).toContain(`<member>${output("TopicArn")}</member>`);
    expect(alarms.find((alarm) => alarm.includes("<MetricName>DaysToExpiry</MetricName>"))).toMatch(
      new RegExp(`<Value>${output("ATrustAnchorArn")}</Value>.*<Threshold>14(\\.0)?</Threshold>`, "s"),
    );
    expect(alarms.find((alarm) => alarm.includes("SELECT SUM(Failure)"))).toBeDefined();
  });

  it("the topic lets EventBridge and CloudWatch publish", async () => {
    const xml = await callQuery(sandbox, "sns", {
      Action: "GetTopicAttributes",
      TopicArn: output("TopicArn"),
      Version: "2010-03-31",
    });
    expect(xml).toContain("events.amazonaws.com");
    expect(xml).toContain("cloudwatch.amazonaws.com");
  });

  it("destroy leaves nothing of it in Roles Anywhere", async () => {
    await cdk.destroy((app) => addServers(app, root.certificatePem));
    expect(await callControlPlane(sandbox, "GET", "/trustanchors")).toEqual({ trustAnchors: [] });
    expect(await callControlPlane(sandbox, "GET", "/profiles")).toEqual({ profiles: [] });
  });
});

/** The event of the user guide, "Intermediate or end-entity certificate expiration event". */
const EXPIRY_EVENT = {
  version: "0",
  id: "9c95e8e4-96a4-ef3f-b739-b6aa5b193afb",
  "detail-type": "Roles Anywhere Certificate Expiration State Change",
  source: "aws.rolesanywhere",
  account: "123456789012",
  time: "2022-06-10T06:51:08Z",
  region: "us-west-1",
  resources: [],
  detail: { "certificate-serial-number": "00936EACBE07F201DF", "days-to-expiry": 3 },
};

/** The inline policies of a role, as JSON. */
async function rolePolicies(sandbox: Sandbox, RoleName: string): Promise<string[]> {
  const iam = administratorClient(IAMClient, { sandbox });
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  return await Promise.all(
    PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return decodeURIComponent(PolicyDocument);
    }),
  );
}
