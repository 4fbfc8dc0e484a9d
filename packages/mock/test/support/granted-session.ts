import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { signedRequest } from "@roles-anywhere/testing";
import type { PolicyPort } from "../../src/access/policy-port.ts";
import { startMock } from "../../src/http/server.ts";
import type { MockOptions, RunningMock } from "../../src/http/server.ts";
import type { GrantedSession } from "../../src/session/session-store.ts";
import { handleCreateSession } from "./handle-create-session.ts";
import { ACCOUNT, createWorld, ROLE_ARN } from "./world.ts";
import type { World } from "./world.ts";

/** The access key of the session. */
export const KEY = "ASIAIOSFODNN7EXAMPLE";

const READ = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Sid: "Read", Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/*" }],
});

/** An IAM whose roles have one policy. */
export function iam(document = READ): PolicyPort {
  return {
    readRole: async () => ({
      roleArn: ROLE_ARN,
      roleId: "AROAEXAMPLE",
      tags: {},
      trustPolicy: "{}",
      policies: [{ name: "own", document }],
    }),
    readManagedPolicy: async () => undefined,
  };
}

/** A mock that has granted one session. */
export interface GrantedSessionMock {
  readonly mock: RunningMock;
  readonly session: GrantedSession;
  /** What the hook asks about GetObject, signed by the session. */
  readonly question: (changes?: object, requestChanges?: object) => Promise<{ readonly request: object }>;
}

/** A question as the hook sends it: first what the signature covers, then what LocalStack has read of the request. */
export function toLines({ request, ...asked }: { readonly request: object }): string {
  const [known, unknown] = split(asked, ["accessKeyId", "assumed"]);
  const [received, read] = split(request, ["method", "path", "headers", "payloadSha256"]);
  const lines = [
    { ...known, request: received },
    { ...unknown, request: read },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function split(value: object, names: readonly string[]): readonly [object, object] {
  const entries = Object.entries(value);
  const named = entries.filter(([name]) => names.includes(name));
  const others = entries.filter(([name]) => !names.includes(name));
  return [Object.fromEntries(named), Object.fromEntries(others)];
}

/** Starts a mock, whose clock is the world's, and gets a session. */
export async function startMockWithSession(
  options: Partial<MockOptions> = {},
  world: World = createWorld(),
): Promise<GrantedSessionMock> {
  const { state } = world.context;
  const mock = await startMock({
    state,
    accountId: ACCOUNT,
    aws: world.aws,
    policies: iam(),
    clock: { now: () => world.now },
    ...options,
  });
  const { status } = await handleCreateSession(mock.context, signedRequest(world.call()));
  const session = mock.context.sessions.find(KEY);
  if (session === undefined)
    throw new Error(`the mock has not remembered its session: CreateSession ${status}`);
  const signer = new SignatureV4({
    service: "s3",
    region: "us-east-1",
    credentials: session,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const question = async (changes: object = {}, requestChanges: object = {}) => {
    const path = "/reports/a.txt";
    const headers = { host: "127.0.0.1:4566", "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const made = { method: "GET", protocol: "http:", hostname: "127.0.0.1", path, headers };
    const signed = await signer.sign(made, { signingDate: world.now });
    return {
      accessKeyId: KEY,
      assumed: null,
      policyVersion: { epoch: "e", number: 0 },
      request: {
        service: "s3",
        operation: "GetObject",
        parameters: { Bucket: "reports", Key: "a.txt" },
        copySource: null,
        method: "GET",
        path,
        headers: Object.entries(signed.headers),
        region: "us-east-1",
        addressRegion: null,
        accountId: ACCOUNT,
        sourceIp: "127.0.0.1",
        secureTransport: true,
        payloadSha256: null,
        ...requestChanges,
      },
      buckets: { reports: { accountId: ACCOUNT, policy: null } },
      ...changes,
    };
  };
  return { mock, session, question };
}
