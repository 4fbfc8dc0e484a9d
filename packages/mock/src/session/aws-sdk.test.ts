import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { awsClients, awsSdkPort } from "./aws-sdk.ts";
import type { AwsPort } from "./aws.ts";

const ROLE_ARN = "arn:aws:iam::123456789012:role/path/Example";
const TRUST_POLICY = '{"Version":"2012-10-17","Statement":[]}';

/** What a stand-in for STS and IAM was asked. */
interface Asked {
  readonly form: URLSearchParams;
  readonly authorization: string;
}

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Serves one answer in the query protocol of STS and IAM. */
async function serve(status: number, xml: string): Promise<{ port: AwsPort; asked: Asked[] }> {
  const asked: Asked[] = [];
  const listening = createServer((incoming, outgoing) => {
    void read(incoming).then((text) => {
      asked.push({ form: new URLSearchParams(text), authorization: incoming.headers.authorization ?? "" });
      outgoing.writeHead(status, { "content-type": "text/xml" }).end(xml);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => {
    listening.listen(0, "127.0.0.1", resolve);
  });
  const address = listening.address();
  const endpoint = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  return {
    port: awsSdkPort(awsClients({ stsEndpoint: endpoint, iamEndpoint: endpoint, region: "us-east-1" })),
    asked,
  };
}

async function read(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of incoming) text += String(chunk);
  return text;
}

const errorXml = (code: string): string =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>the message</Message></Error></ErrorResponse>`;

const assumeRole = {
  roleArn: ROLE_ARN,
  roleSessionName: "1234",
  durationSeconds: 900,
  sourceIdentity: "CN=client",
  tags: [{ key: "x509Subject/CN", value: "client" }],
  sessionPolicy: TRUST_POLICY,
  managedPolicyArns: ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
};

describe("awsSdkPort", () => {
  it("reads a role by its name, with the role's account as access key, and decodes its trust policy", async () => {
    const { port, asked } = await serve(
      200,
      `<GetRoleResponse><GetRoleResult><Role><Path>/path/</Path><RoleName>Example</RoleName><RoleId>AROA</RoleId><Arn>${ROLE_ARN}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><MaxSessionDuration>7200</MaxSessionDuration><AssumeRolePolicyDocument>${encodeURIComponent(TRUST_POLICY)}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`,
    );
    expect(await port.getRole(ROLE_ARN)).toEqual({
      roleArn: ROLE_ARN,
      trustPolicy: TRUST_POLICY,
      maxSessionDurationSeconds: 7200,
    });
    expect(asked[0]?.form.get("Action")).toBe("GetRole");
    expect(asked[0]?.form.get("RoleName")).toBe("Example");
    expect(asked[0]?.authorization).toContain("Credential=123456789012/");
  });

  it("knows no role where IAM knows none", async () => {
    const { port } = await serve(404, errorXml("NoSuchEntity"));
    expect(await port.getRole(ROLE_ARN)).toBeUndefined();
  });

  it("assumes a role with everything that the session is to have", async () => {
    const { port, asked } = await serve(
      200,
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2026-01-01T00:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>AROA:1234</AssumedRoleId><Arn>arn</Arn></AssumedRoleUser><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult></AssumeRoleResponse>",
    );
    expect(await port.assumeRole(assumeRole)).toEqual({
      accessKeyId: "ASIA",
      secretAccessKey: "secret",
      sessionToken: "token",
      assumedRoleId: "AROA:1234",
      packedPolicySize: 6,
    });
    expect(Object.fromEntries(asked[0]?.form ?? [])).toMatchObject({
      Action: "AssumeRole",
      RoleArn: ROLE_ARN,
      RoleSessionName: "1234",
      DurationSeconds: "900",
      SourceIdentity: "CN=client",
      Policy: TRUST_POLICY,
      "Tags.member.1.Key": "x509Subject/CN",
      "Tags.member.1.Value": "client",
      "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
    });
  });

  it.each([
    [400, "MalformedPolicyDocument", "refused"],
    [403, "AccessDenied", "refused"],
    [500, "InternalFailure", "unavailable"],
  ])("takes an answer %i %s for %s", async (status, code, kind) => {
    const { port } = await serve(status, errorXml(code));
    await expect(port.assumeRole(assumeRole)).rejects.toMatchObject({
      name: "AwsPortError",
      kind,
      message: expect.stringMatching(/^STS AssumeRole: .*the message/),
    });
  });

  it("takes no answer for unavailable", async () => {
    const endpoint = "http://127.0.0.1:1";
    const port = awsSdkPort(
      awsClients({ stsEndpoint: endpoint, iamEndpoint: endpoint, region: "us-east-1" }),
    );
    await expect(port.getRole(ROLE_ARN)).rejects.toMatchObject({ name: "AwsPortError", kind: "unavailable" });
  });
});
