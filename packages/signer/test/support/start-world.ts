import { randomBytes, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";

import { startMock } from "@roles-anywhere/mock";
import type { AwsPort, Clock, RunningMock } from "@roles-anywhere/mock";
import { createTestAccount, grantingAws, TEST_ACCOUNT_ID, TEST_ARNS } from "@roles-anywhere/mock/testing";

import { CA_EXTENSIONS, makeCertificate } from "./chain.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";

export const ARNS = TEST_ARNS;

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
  /** The CA that the trust anchor trusts. */
  readonly authority: TestIdentity;
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
  /** Serial number of the certificate of the last call, in decimal. */
  lastSerial(): string | undefined;
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
  const { state, profile } = createTestAccount(authority.certificatePem);
  profile.durationSeconds = durationSeconds;
  const mock = await startMock({
    accountId: TEST_ACCOUNT_ID,
    state,
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
    authority,
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
      profile.durationSeconds = seconds;
    },
    // Not every fault leaves an answer that the audit could record.
    calls: () => metFaults + reasons().filter((reason) => reason !== "FAULT_INJECTED").length,
    lastSerial: () => mock.context.audit.list()[0]?._mock.certificate?.serialNumber,
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

/** An STS and IAM of one role, whose sessions are all different. */
function roleGiver(granted: GrantedSession[], clock: Clock): AwsPort {
  return {
    ...grantingAws(),
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
