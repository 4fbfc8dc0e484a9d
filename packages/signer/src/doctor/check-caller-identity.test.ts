import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";

import { createHttpSend } from "../http/send.ts";
import type { HttpSend } from "../http/send.ts";
import { CREDENTIALS, json, startFakeService } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import { CALLER_ARN, callerIdentity, stsRefusal } from "../../test/support/fake-sts.ts";
import { checkCallerIdentity } from "./check-caller-identity.ts";
import type { Finding } from "./finding.ts";

const PARAMETERS = {
  trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  roleArn: "arn:aws:iam::123456789012:role/servers/Example",
};
const now = (): Date => new Date("2026-01-01T00:00:00Z");

async function check(answer: Answer): Promise<Finding> {
  await using service = await startFakeService(answer);
  const options = { send: createHttpSend(), now, endpoint: service.url };
  return await checkCallerIdentity(CREDENTIALS, PARAMETERS, options);
}

describe("checkCallerIdentity", () => {
  it("sends what the AWS SDK sends", async () => {
    await using service = await startFakeService(callerIdentity());
    const endpoint = `${service.url}/base/a%20b`;
    const { accessKeyId, secretAccessKey, sessionToken } = CREDENTIALS;
    const sdk = new STSClient({
      region: "us-east-1",
      endpoint,
      credentials: { accessKeyId, secretAccessKey, sessionToken },
    });
    await sdk.send(new GetCallerIdentityCommand());
    sdk.destroy();
    const lines: string[] = [];
    const finding = await checkCallerIdentity(CREDENTIALS, PARAMETERS, {
      send: createHttpSend(),
      now: () => dateOf(service.requests[0]?.headers["x-amz-date"]),
      endpoint,
      trace: (line) => lines.push(line),
    });
    expect(finding).toMatchObject({ status: "ok", message: expect.stringContaining(CALLER_ARN) });
    const [theirs, ours] = service.requests;
    expect(ours).toMatchObject({ method: theirs?.method, target: theirs?.target });
    expect(new Set(ours?.body.split("&"))).toEqual(new Set(theirs?.body.split("&")));
    expect(ours?.headers).toMatchObject({
      "content-type": expect.stringMatching(/^application\/x-www-form-urlencoded/),
      "x-amz-security-token": sessionToken,
    });
    expect(credentialOf(ours?.headers.authorization)).toBe(credentialOf(theirs?.headers.authorization));
    expect(lines.join("\n")).toContain("POST ");
    expect(lines.join("\n")).not.toMatch(/secret|token==|Signature/);
  });

  it.each<readonly [string, Answer, Finding["status"], RegExp, RegExp]>([
    ["the role's session", callerIdentity(), "ok", /assumed-role\/Example\/00, says http/, /^none$/],
    [
      "another role",
      callerIdentity(CALLER_ARN.replace("Example", "Other")),
      "fail",
      /no session of/,
      /--role-arn/,
    ],
    [
      "a role whose name begins alike",
      callerIdentity(CALLER_ARN.replace("Example", "Example2")),
      "fail",
      /no session/,
      /--role-arn/,
    ],
    [
      "another account",
      callerIdentity(CALLER_ARN.replace("123456789012", "210987654321")),
      "fail",
      /no session/,
      /AWS_ENDPOINT_URL_STS/,
    ],
    [
      "another partition",
      callerIdentity(CALLER_ARN.replace("arn:aws:", "arn:aws-cn:")),
      "fail",
      /no session/,
      /AWS_ENDPOINT_URL_STS/,
    ],
    ["a user", callerIdentity("arn:aws:iam::123456789012:user/Example"), "fail", /no session/, /--role-arn/],
    [
      "credentials that nobody knows",
      stsRefusal(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
      "fail",
      /403 InvalidClientTokenId: The security token/,
      /AWS_ENDPOINT_URL_STS/,
    ],
    [
      "throttling",
      stsRefusal(400, "Throttling", "Rate exceeded"),
      "warn",
      /Throttling: Rate exceeded/,
      /again later/,
    ],
    [
      "a failure of STS",
      stsRefusal(500, "InternalFailure", "x"),
      "warn",
      /500 InternalFailure/,
      /again later/,
    ],
    [
      "a service that is not STS",
      json(404, { message: "no such route" }),
      "warn",
      /answered 404, and not as STS/,
      /AWS_ENDPOINT_URL_STS/,
    ],
    [
      "a success without a caller",
      json(200, {}),
      "warn",
      /answered 200, and not as STS/,
      /AWS_ENDPOINT_URL_STS/,
    ],
    [
      "a connection that breaks",
      (response) => void response.destroy(),
      "warn",
      /closed the connection/,
      /let STS through/,
    ],
  ])("judges %s", async (_title, answer, status, message, remedy) => {
    const finding = await check(answer);
    expect(finding).toMatchObject({
      check: "caller identity",
      status,
      message: expect.stringMatching(message),
    });
    expect(finding.remedy ?? "none").toMatch(remedy);
  });

  it("does not repeat secrets that a refusal quotes", async () => {
    const quoted = `${CREDENTIALS.sessionToken.replace("==", "&#61;&#x3D;")} of ${CREDENTIALS.secretAccessKey}&#10;x-amz-security-token:abc`;
    const { message } = await check(stsRefusal(403, "SignatureDoesNotMatch", quoted));
    expect(message).toMatch(/403 SignatureDoesNotMatch: \*\*\* of \*\*\*$/);
  });

  it("does not ask AWS about the credentials of another service", async () => {
    const send: HttpSend = () => Promise.reject(new Error("nothing may be sent"));
    const parameters = { ...PARAMETERS, endpoint: "http://127.0.0.1:9912" };
    const finding = await checkCallerIdentity(CREDENTIALS, parameters, { send, now, endpoint: undefined });
    expect(finding).toMatchObject({
      status: "warn",
      message: expect.stringMatching(/STS was not asked: CreateSession went to http:\/\/127\.0\.0\.1:9912/),
      remedy: expect.stringContaining("AWS_ENDPOINT_URL_STS"),
    });
  });

  it("fails an endpoint that is no URL, without repeating what may hold a password", async () => {
    const options = { send: createHttpSend(), now, endpoint: "https://me:hunter2@sts" };
    const finding = await checkCallerIdentity(CREDENTIALS, PARAMETERS, options);
    expect(finding).toMatchObject({
      status: "fail",
      remedy: expect.stringContaining("AWS_ENDPOINT_URL_STS"),
    });
    expect(JSON.stringify(finding)).not.toContain("hunter2");
  });
});

function dateOf(amzDate: unknown): Date {
  const text = String(amzDate);
  return new Date(text.replace(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/, "$1-$2-$3T$4:$5:$6Z"));
}

function credentialOf(authorization: string | undefined): string {
  return /Credential=([^,]+)/.exec(authorization ?? "")?.[1] ?? "none";
}
