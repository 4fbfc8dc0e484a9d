import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";

import { createState, startMock } from "@roles-anywhere/mock";
import type { AwsPort, Clock, RunningMock } from "@roles-anywhere/mock";

import { CA_EXTENSIONS, makeCertificate } from "./chain.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";

const ACCOUNT = "123456789012";
const TRUST_ANCHOR_ID = "11111111-1111-4111-8111-111111111111";
const PROFILE_ID = "22222222-2222-4222-8222-222222222222";
const ARN = `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}`;

export const ARNS = {
  trustAnchorArn: `${ARN}:trust-anchor/${TRUST_ANCHOR_ID}`,
  profileArn: `${ARN}:profile/${PROFILE_ID}`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/Example`,
};

/** What the lab of the mock can let go wrong with the next calls. */
export type FaultKind =
  "throttle" | "internal-error" | "unavailable" | "delay" | "drop" | "truncate" | "malformed-json";

/** A session that the mock has granted. */
export interface GrantedSession {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** By the clock that the world was started with, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** The mock with one trust anchor, profile and role, and a client certificate on disk that gets a session. */
export interface World extends AsyncDisposable {
  readonly url: string;
  readonly certificate: string;
  readonly privateKey: string;
  /** Sessions granted so far, oldest first. */
  readonly granted: readonly GrantedSession[];
  /** Path in the folder of this world. */
  path(...names: string[]): string;
  /** Lets the next calls meet a fault; a count that no test reaches when it is not given. */
  fail(kind: FaultKind, count?: number): Promise<void>;
  /** Ends all faults. */
  recover(): Promise<void>;
  /** Moves the service's clock. */
  advanceClock(seconds: number): Promise<void>;
  /** Changes the life of further sessions. */
  setDuration(durationSeconds: number): void;
  /** CreateSession calls that reached the service. */
  calls(): number;
  /** Reason codes of the audit, newest first; undefined for a call that was granted. */
  reasons(): readonly (string | undefined)[];
}

/** Arguments of every command that asks for a session. */
export function sessionWords(world: World): readonly string[] {
  return [
    ...["--certificate", world.certificate, "--private-key", world.privateKey],
    ...["--trust-anchor-arn", ARNS.trustAnchorArn, "--profile-arn", ARNS.profileArn],
    ...["--role-arn", ARNS.roleArn, "--endpoint", world.url],
  ];
}

interface Identity {
  readonly authority: TestIdentity;
  readonly client: TestIdentity;
}

/** Made once for all worlds, and before any test stops its clock: the certificates are valid from now. */
const { authority, client } = makeIdentity();

function makeIdentity(): Identity {
  const authority = makeCertificate({ subject: "/CN=Test CA", extensions: CA_EXTENSIONS });
  return { authority, client: makeCertificate({ subject: "/CN=client", issuer: authority }) };
}

/**
 * Starts a world on a free port.
 *
 * @param options.clock The service's clock before it is moved. @default the system's
 * @param options.durationSeconds Life of a session. @default 3600
 */
export async function startWorld(
  options: { readonly clock?: Clock; readonly durationSeconds?: number } = {},
): Promise<World> {
  const folder = temporaryFolder();
  writeFileSync(folder.join("client.pem"), client.certificatePem);
  writeFileSync(folder.join("client.key"), client.privateKeyPem, { mode: 0o600 });

  const granted: GrantedSession[] = [];
  const { durationSeconds = 3600, clock } = options;
  let metFaults = 0;
  const mock = await startMock({
    accountId: ACCOUNT,
    state: accountWith(authority.certificatePem, durationSeconds),
    aws: roleGiver(granted, clock ?? { now: () => new Date() }),
    minDurationSeconds: 1,
    log: (line) => {
      if (line.includes("meets the fault")) metFaults += 1;
    },
    clock,
  });
  const reasons = (): (string | undefined)[] => mock.context.audit.list().map(({ _mock }) => _mock.reason);
  return {
    url: mock.url,
    certificate: folder.join("client.pem"),
    privateKey: folder.join("client.key"),
    granted,
    path: folder.join,
    fail: (kind, count = 100_000) =>
      lab(mock, "POST", "faults", {
        kind,
        count,
        ...(kind === "delay" ? { delayMilliseconds: 60_000 } : {}),
      }),
    recover: () => lab(mock, "DELETE", "faults"),
    advanceClock: (seconds) => lab(mock, "PUT", "clock", { advanceSeconds: seconds }),
    setDuration(seconds) {
      const profile = mock.context.state.profiles.get(PROFILE_ID);
      if (profile !== undefined) profile.durationSeconds = seconds;
    },
    // Not every fault leaves an answer that the audit could record.
    calls: () => metFaults + reasons().filter((reason) => reason !== "FAULT_INJECTED").length,
    reasons,
    async [Symbol.asyncDispose]() {
      await mock.close();
      folder[Symbol.dispose]();
    },
  };
}

async function lab(mock: RunningMock, method: string, path: string, body?: object): Promise<void> {
  const answer = await fetch(`${mock.url}/_mock/${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

function accountWith(trustAnchorPem: string, durationSeconds: number): ReturnType<typeof createState> {
  const state = createState(ACCOUNT, "us-east-1");
  const common = { name: "test", enabled: true, createdAt: new Date(), updatedAt: new Date(), tags: [] };
  state.trustAnchors.set(TRUST_ANCHOR_ID, {
    ...common,
    trustAnchorId: TRUST_ANCHOR_ID,
    trustAnchorArn: ARNS.trustAnchorArn,
    source: { sourceType: "CERTIFICATE_BUNDLE", sourceData: { x509CertificateData: trustAnchorPem } },
    notificationSettings: [],
  });
  state.profiles.set(PROFILE_ID, {
    ...common,
    profileId: PROFILE_ID,
    profileArn: ARNS.profileArn,
    createdBy: ACCOUNT,
    requireInstanceProperties: false,
    roleArns: [ARNS.roleArn],
    managedPolicyArns: [],
    durationSeconds,
    acceptRoleSessionName: false,
    attributeMappings: [],
  });
  return state;
}

/** An STS and IAM of one role, whose sessions are all different. */
function roleGiver(granted: GrantedSession[], clock: Clock): AwsPort {
  const trustPolicy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "rolesanywhere.amazonaws.com" },
        Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      },
    ],
  });
  return {
    getRole: (roleArn) => Promise.resolve({ roleArn, trustPolicy, maxSessionDurationSeconds: 43_200 }),
    assumeRole: ({ roleSessionName, durationSeconds }) => {
      const session = {
        accessKeyId: `ASIA${randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase()}`,
        secretAccessKey: randomBytes(30).toString("base64"),
        sessionToken: randomBytes(600).toString("base64"),
        endsAt: clock.now().getTime() + durationSeconds * 1000,
      };
      granted.push(session);
      const { endsAt: _endsAt, ...credentials } = session;
      return Promise.resolve({
        ...credentials,
        assumedRoleId: `AROAEXAMPLE:${roleSessionName}`,
        packedPolicySize: 0,
      });
    },
  };
}
