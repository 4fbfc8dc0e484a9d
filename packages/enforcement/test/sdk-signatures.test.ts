import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { verifySignature } from "../src/index.ts";
import type { SignedRequest } from "../src/index.ts";
import { captureRequests } from "./support/capture.ts";

// Test-only secrets.
const CREDENTIALS = {
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: "test-only-secret/with+signs",
  sessionToken: "test-only/token+with=signs",
};
const EXPIRES = { expiresIn: 60 };
const OBJECT = { Bucket: "reports", Key: "2026/a b+c&d=(é)'!*~.csv" };

/** Sends one command to a server that captures it. */
async function sent(
  service: "s3" | "sts",
  send: (endpoint: string) => Promise<unknown>,
): Promise<SignedRequest> {
  await using server = await captureRequests();
  await send(server.url).catch(() => undefined);
  const [request] = server.requests;
  if (request === undefined) throw new Error("the client sent nothing");
  return { service, ...request };
}

function s3(endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region: "eu-west-1",
    credentials: CREDENTIALS,
    forcePathStyle: true,
    maxAttempts: 1,
  });
}

function sts(endpoint: string): STSClient {
  return new STSClient({ endpoint, region: "eu-west-1", credentials: CREDENTIALS, maxAttempts: 1 });
}

function verify(request: SignedRequest, changed: Partial<typeof CREDENTIALS> = {}): unknown {
  const verdict = verifySignature(request, { ...CREDENTIALS, ...changed }, { now: new Date() });
  return verdict.valid ? "valid" : verdict.reason;
}

const S3_CALLS: readonly (readonly [title: string, call: (client: S3Client) => Promise<unknown>])[] = [
  ["GetObject of an odd key", (client) => client.send(new GetObjectCommand(OBJECT))],
  [
    "HeadObject with a version",
    (client) => client.send(new HeadObjectCommand({ ...OBJECT, VersionId: "v/1" })),
  ],
  [
    "ListObjectsV2 with a query",
    (client) =>
      client.send(new ListObjectsV2Command({ Bucket: "reports", Prefix: "a b/+é", Delimiter: "/" })),
  ],
  ["PutObject of text", (client) => client.send(new PutObjectCommand({ ...OBJECT, Body: "text" }))],
  [
    "PutObject with metadata, tags and ACL",
    (client) =>
      client.send(
        new PutObjectCommand({
          ...OBJECT,
          Body: "text",
          ACL: "private",
          Tagging: "team=blue&x=a%20b",
          Metadata: { note: "two  blanks" },
        }),
      ),
  ],
  [
    "UploadPart",
    (client) => client.send(new UploadPartCommand({ ...OBJECT, PartNumber: 1, UploadId: "u", Body: "part" })),
  ],
  ["CopyObject", (client) => client.send(new CopyObjectCommand({ ...OBJECT, CopySource: "other/a%20b" }))],
  [
    "DeleteObjects",
    (client) =>
      client.send(new DeleteObjectsCommand({ Bucket: "reports", Delete: { Objects: [{ Key: "a" }] } })),
  ],
  [
    "a key of two slashes",
    (client) => client.send(new GetObjectCommand({ Bucket: "reports", Key: "a//b/../c" })),
  ],
];

describe("verifySignature of what the AWS SDK for JavaScript signs", () => {
  it.each(S3_CALLS)("accepts %s", async (_, call) => {
    const request = await sent("s3", (endpoint) => call(s3(endpoint)));
    expect(verify(request)).toBe("valid");
    expect(verify(request, { secretAccessKey: "guessed" })).toBe("SIGNATURE_MISMATCH");
    expect(verify(request, { sessionToken: "another" })).toBe("TOKEN_INVALID");
  });

  it.each<[string, (client: STSClient) => Promise<unknown>]>([
    ["GetCallerIdentity", (client) => client.send(new GetCallerIdentityCommand())],
    [
      "AssumeRole",
      (client) =>
        client.send(
          new AssumeRoleCommand({ RoleArn: "arn:aws:iam::111122223333:role/a", RoleSessionName: "b" }),
        ),
    ],
  ])("accepts %s of STS", async (_, call) => {
    const request = await sent("sts", (endpoint) => call(sts(endpoint)));
    expect(verify(request)).toBe("valid");
    expect(verify({ ...request, payloadSha256: "0".repeat(64) })).not.toBe("valid");
  });

  it.each<[string, (client: S3Client) => Promise<string>, string]>([
    ["GetObject", (client) => getSignedUrl(client, new GetObjectCommand(OBJECT), EXPIRES), "GET"],
    [
      "GetObject with a file name",
      (client) =>
        getSignedUrl(
          client,
          new GetObjectCommand({ ...OBJECT, ResponseContentDisposition: 'attachment; filename="a b.csv"' }),
          EXPIRES,
        ),
      "GET",
    ],
    [
      "PutObject",
      (client) => getSignedUrl(client, new PutObjectCommand({ ...OBJECT, ContentType: "text/csv" }), EXPIRES),
      "PUT",
    ],
  ])("accepts a presigned %s", async (_, presign, method) => {
    const url = new URL(await presign(s3("http://127.0.0.1:1")));
    const request: SignedRequest = {
      service: "s3",
      method,
      path: `${url.pathname}${url.search}`,
      headers: [["Host", url.host]],
      payloadSha256: "ab".repeat(32),
    };
    expect(verify(request)).toBe("valid");
    expect(verify({ ...request, path: `${request.path}&versionId=1` })).toBe("SIGNATURE_MISMATCH");
  });
});
