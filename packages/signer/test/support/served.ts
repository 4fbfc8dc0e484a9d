import { writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

import { expect } from "vitest";

import { serve } from "../../src/cli/commands/serve.ts";
import { CREDENTIALS, startFakeService } from "./fake-service.ts";
import type { Answer, ReceivedRequest } from "./fake-service.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";

type Folder = ReturnType<typeof temporaryFolder>;

/** A folder with a certificate and its key. */
export function folderWithIdentity(): Folder {
  const vector = readVector("ecdsa");
  const folder = temporaryFolder();
  writeFileSync(folder.join("client.pem"), vector.certificatePem);
  writeFileSync(folder.join("client.key"), vector.privateKeyPem, { mode: 0o600 });
  return folder;
}

/** Flags of every command that asks for a session, for the role Example. */
export function sessionWords(folder: Folder, endpoint: string): readonly string[] {
  return [
    ...["--certificate", folder.join("client.pem"), "--private-key", folder.join("client.key")],
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
    ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
    ...["--role-arn", "arn:aws:iam::123456789012:role/some/path/Example"],
    ...["--endpoint", endpoint],
  ];
}

/** Flags of `serve` on a free port. */
export function serveWords(folder: Folder, endpoint: string, ...more: readonly string[]): readonly string[] {
  return [...sessionWords(folder, endpoint), "--port", "0", ...more];
}

/** {@link CREDENTIALS} as an SDK gives them. */
export const SDK_CREDENTIALS = {
  accessKeyId: CREDENTIALS.accessKeyId,
  secretAccessKey: CREDENTIALS.secretAccessKey,
  sessionToken: CREDENTIALS.sessionToken,
  expiration: new Date(CREDENTIALS.expiration),
};

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly notes: readonly string[];
  /** `wake` ends the pauses of all loops. */
  readonly clock: { now: number; wake: () => void };
  /** What the service was asked. */
  readonly requests: readonly ReceivedRequest[];
}

/** Runs the command in this process, with a clock that the test moves. */
export async function startServe(
  folder: Folder,
  answers: readonly Answer[],
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const service = await startFakeService(...answers);
  const notes: string[] = [];
  const controller = new AbortController();
  const sleepers = new Set<() => void>();
  const clock = {
    now: Date.now(),
    wake(): void {
      for (const wake of sleepers) wake();
      sleepers.clear();
    },
  };
  let run: Promise<number> = Promise.resolve(0);
  const url = await new Promise<string>((resolve, reject) => {
    run = serve.run(serveWords(folder, service.url, ...more), {
      environment: { AWS_MAX_ATTEMPTS: "1", ...environment },
      out: () => {},
      note(line) {
        notes.push(line);
        const found = /ENDPOINT=(.*)/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      },
      time: {
        now: () => new Date(clock.now),
        sleep: (_milliseconds, signal) =>
          new Promise((wake) => {
            sleepers.add(wake);
            signal?.addEventListener("abort", () => wake(), { once: true });
          }),
        signal: controller.signal,
      },
    });
    run.catch(reject);
  });
  return {
    url,
    notes,
    clock,
    requests: service.requests,
    async [Symbol.asyncDispose]() {
      controller.abort();
      expect(await run).toBe(0);
      await service[Symbol.asyncDispose]();
    },
  };
}

export interface Reply {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export function ask(
  url: string,
  method = "GET",
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, (response) => {
      void response
        .setEncoding("utf8")
        .toArray()
        .then((parts) =>
          resolve({ status: response.statusCode, headers: response.headers, text: parts.join("") }),
        );
    })
      .on("error", reject)
      .end();
  });
}

export const TOKEN_PATH = "/latest/api/token";
export const ROLES_PATH = "/latest/meta-data/iam/security-credentials";
export const TTL_HEADER = "x-aws-ec2-metadata-token-ttl-seconds";
export const TOKEN_HEADER = "x-aws-ec2-metadata-token";

/** The header that a client of the metadata service sends. */
export async function tokenOf({ url }: Served, ttlSeconds = 60): Promise<Readonly<Record<string, string>>> {
  const { text } = await ask(`${url}${TOKEN_PATH}`, "PUT", { [TTL_HEADER]: String(ttlSeconds) });
  return { [TOKEN_HEADER]: text };
}
