import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { CopyObjectCommand, CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "@roles-anywhere/testing";
import { startBoto3 } from "../support/boto3.ts";
import type { Boto3, Credentials, ServiceCall } from "../support/boto3.ts";
import { callSdk } from "../support/call-sdk.ts";
import {
  ACCOUNT,
  ADMINISTRATOR,
  policyOf,
  REGION,
  startEnforcedAccount,
} from "../support/enforced-account.ts";
import type { EnforcedAccount } from "../support/enforced-account.ts";

const found = findPython(["localstack.runtime", "boto3"]);
const Bucket = "reports";
const OTHER_ACCOUNT = "222222222222";
const denied = { status: 403, code: "AccessDenied" };
const allowed = { status: 200, code: null };

/** Everything, except what is secret. */
const POLICY = policyOf(
  { Effect: "Allow", Action: "*", Resource: "*" },
  {
    Effect: "Deny",
    Action: ["s3:GetObject", "s3:GetObjectVersion"],
    Resource: [`arn:aws:s3:::${Bucket}/secret.txt`, `arn:aws:s3:::${Bucket}/secret plan.txt`],
  },
  {
    Effect: "Deny",
    Action: "ssm:*",
    Resource: ["secret", "team", "team/*"].map(
      (name) => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/${name}`,
    ),
  },
);

describe.skipIf("missing" in found)("a policy that denies cannot be evaded", () => {
  let account: EnforcedAccount;
  let boto3: Boto3;
  let session: Credentials;
  beforeAll(async () => {
    account = await startEnforcedAccount();
    boto3 = startBoto3("python" in found ? found.python : "", account.sandbox.endpointUrl);
    await account.makeBucket(Bucket, "a.txt", "secret.txt", "secret plan.txt", "a;b.txt");
    session = await (await account.makeRole({ name: "everything-but", policy: POLICY })).session();
  });
  afterAll(async () => {
    await boto3[Symbol.asyncDispose]();
    await account.sandbox.stop();
  });

  /** A call that a test rests on. */
  const succeed = async (made: ServiceCall): Promise<void> => {
    const { code, message } = await boto3.call(made);
    if (code !== null) throw new Error(`${made.operation}: ${code} ${message}`);
  };
  const copy = (CopySource: string) =>
    callSdk(account.sandbox.endpointUrl, {
      service: "s3",
      operation: "CopyObject",
      parameters: { Bucket, Key: "copy", CopySource },
      credentials: session,
    });

  describe("by another way to write the source of a copy, which LocalStack reads as the same object", () => {
    it.each([
      ["the plain form", `${Bucket}/secret.txt`],
      ["a leading slash", `/${Bucket}/secret.txt`],
      ["escapes", `%72eports%2Fsecret%2Etxt`],
      ["a host", `//elsewhere/${Bucket}/secret.txt`],
      ["a scheme", `public:/${Bucket}/secret.txt`],
      ["more leading slashes", `/%2F/${Bucket}/secret.txt`],
      ["a fragment", `${Bucket}/secret.txt#public`],
      ["a query", `${Bucket}/secret.txt?public`],
      ["a parameter", `${Bucket}/secret.txt;public`],
      ["a version after another parameter", `${Bucket}/secret.txt?x=1&versionId=null`],
      ["a plus for a space", `${Bucket}/secret+plan.txt`],
      ["a malformed escape in the host", `//%zz/${Bucket}/secret%2Etxt`],
      ["a malformed escape in the query", `${Bucket}/secret%2Etxt?%zz`],
    ])("%s", async (_, source) => {
      expect(await copy(source)).toMatchObject(denied);
    });

    it("and what is not secret can be copied, with special characters, too", async () => {
      expect(await copy(`${Bucket}/a.txt`)).toMatchObject(allowed);
      expect(await copy(`${Bucket}/a%3Bb.txt`)).toMatchObject(allowed);
    });
  });

  it("by a copy from another account's bucket, which has no policy", async () => {
    const endpoint = account.sandbox.endpointUrl;
    const credentials = { accessKeyId: OTHER_ACCOUNT, secretAccessKey: "test" };
    const s3 = new S3Client({ endpoint, region: REGION, credentials, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: "foreign" }));
    await s3.send(new PutObjectCommand({ Bucket: "foreign", Key: "a.txt", Body: "foreign" }));
    expect(await copy("foreign/a.txt")).toMatchObject(denied);
    // The object is there for who may read it.
    await s3.send(new CopyObjectCommand({ Bucket: "foreign", Key: "b.txt", CopySource: "foreign/a.txt" }));
  });

  describe("by another way to write the name of a parameter of Systems Manager", () => {
    beforeAll(async () => {
      for (const Name of ["secret", "/team/secret", "open"]) {
        const parameters = { Name, Value: "hidden", Type: "String" };
        const made = { service: "ssm", operation: "PutParameter", parameters, credentials: ADMINISTRATOR };
        await succeed(made);
      }
    });
    const call = (operation: string, parameters: object) =>
      boto3.call({ service: "ssm", operation, parameters, credentials: session });

    it.each([
      ["GetParameter", { Name: "secret" }],
      ["GetParameter", { Name: "secret:1" }],
      ["GetParameter", { Name: "/team/secret" }],
      ["GetParameter", { Name: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/secret` }],
      ["GetParameter", { Name: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/secret:1` }],
      ["GetParameters", { Names: ["secret"] }],
      ["GetParameters", { Names: ["open", "secret:1"] }],
      ["DeleteParameters", { Names: ["secret"] }],
      ["GetParametersByPath", { Path: "/team" }],
    ])("%s %o", async (operation, parameters) => {
      expect(await call(operation, parameters)).toMatchObject({ code: "AccessDeniedException" });
    });

    it("and what is not secret can be read", async () => {
      expect(await call("GetParameter", { Name: "open" })).toMatchObject(allowed);
      expect(await call("GetParameters", { Names: ["open"] })).toMatchObject(allowed);
    });
  });

  describe("by a session for another role", () => {
    const TRUST = policyOf({
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: "sts:AssumeRole",
    });
    /** What a session gets for another role. */
    const assume = async (
      credentials: Credentials,
      role: string,
      more: object = {},
    ): Promise<Credentials> => {
      const endpoint = account.sandbox.endpointUrl;
      const sts = new STSClient({ endpoint, region: REGION, credentials });
      const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${role}`;
      const { Credentials: keys } = await sts.send(
        new AssumeRoleCommand({ RoleArn, RoleSessionName: "next", ...more }),
      );
      return {
        accessKeyId: String(keys?.AccessKeyId),
        secretAccessKey: String(keys?.SecretAccessKey),
        sessionToken: String(keys?.SessionToken),
      };
    };
    const get = (Key: string, credentials: Credentials) =>
      callSdk(account.sandbox.endpointUrl, {
        service: "s3",
        operation: "GetObject",
        parameters: { Bucket, Key },
        credentials,
      });
    beforeAll(async () => {
      for (const name of ["next", "last"]) {
        await account.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: TRUST }));
        await account.putRolePolicy(name, POLICY);
      }
    });

    it("which may do what its role may do, and no more", async () => {
      const next = await assume(session, "next");
      expect(await get("a.txt", next)).toMatchObject(allowed);
      expect(await get("secret.txt", next)).toMatchObject({
        ...denied,
        message: expect.stringContaining(`assumed-role/next/next is not authorized`),
      });
    });

    it("which got another session in turn", async () => {
      const last = await assume(await assume(session, "next"), "last");
      expect(await get("a.txt", last)).toMatchObject(allowed);
      expect(await get("secret.txt", last)).toMatchObject(denied);
    });

    it("which was limited by a session policy", async () => {
      const Policy = policyOf({ Effect: "Allow", Action: "s3:PutObject", Resource: "*" });
      expect(await get("a.txt", await assume(session, "next", { Policy }))).toMatchObject(denied);
      const PolicyArns = [{ arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess" }];
      expect(await get("a.txt", await assume(session, "next", { PolicyArns }))).toMatchObject(denied);
    });

    it("whose signature is wrong", async () => {
      const next = await assume(session, "next");
      expect(await get("a.txt", { ...next, secretAccessKey: "wrong" })).toMatchObject({
        status: 403,
        code: "SignatureDoesNotMatch",
      });
    });
  });

  describe("by a header with which LocalStack's services find the account or the region", () => {
    const call = (credentials: Credentials, service: string, operation: string, more: object) =>
      boto3.call({ service, operation, credentials, ...more });
    const parameters = { RoleName: "elsewhere" };
    beforeAll(async () => {
      const credentials = { accessKeyId: OTHER_ACCOUNT, secretAccessKey: "test" };
      const made = { ...parameters, AssumeRolePolicyDocument: policyOf() };
      await succeed({ service: "iam", operation: "CreateRole", parameters: made, credentials });
      const headers = { host: "ssm.eu-west-1.amazonaws.com" };
      const hidden = { Name: "regional", Value: "hidden", Type: "String" };
      await succeed({
        service: "ssm",
        operation: "PutParameter",
        parameters: hidden,
        credentials: ADMINISTRATOR,
        headers,
      });
    });

    it("of the account", async () => {
      const headers = { "x-moto-account-id": OTHER_ACCOUNT };
      const answer = await call(session, "iam", "GetRole", { parameters, headers });
      expect(answer).toMatchObject({ status: 404, code: "NoSuchEntity" });
    });

    it.each([
      ["the host", { host: "ssm.eu-west-1.amazonaws.com" }, "InvalidSignatureException"],
      ["the user agent", { "user-agent": "boto3 region/eu-west-1" }, "ParameterNotFound"],
    ])("of the region: %s", async (_, headers, code) => {
      const parameters = { Name: "regional" };
      const answer = await call(session, "ssm", "GetParameterHistory", { parameters, headers });
      expect(answer).toMatchObject({ status: 400, code });
    });
  });
});
