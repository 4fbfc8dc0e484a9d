import { createServer } from "node:http";
import type { IncomingHttpHeaders, RequestListener, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

import { CREDENTIALS, json } from "./answers.ts";
import type { TestIdentity } from "@roles-anywhere/testing";

export { CREDENTIALS, json, refused } from "./answers.ts";

/** A request as the fake service received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query as written on the wire. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers one request. */
export type Answer = (response: ServerResponse, request: ReceivedRequest) => void;

export interface FakeService extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
}

/** Starts a CreateSession look-alike on a free port; it gives the answers in order and then repeats the last one. */
export function startFakeService(...answers: readonly Answer[]): Promise<FakeService> {
  return start(answers);
}

/** The same over TLS. */
export function startTlsFakeService(
  identity: TestIdentity,
  ...answers: readonly Answer[]
): Promise<FakeService> {
  return start(answers, { cert: identity.certificatePem, key: identity.privateKeyPem });
}

async function start(
  answers: readonly Answer[],
  tls?: { readonly cert: string; readonly key: string },
): Promise<FakeService> {
  const requests: ReceivedRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const received = {
        method: request.method ?? "",
        target: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      const answer = answers[requests.length] ?? answers.at(-1) ?? success();
      requests.push(received);
      answer(response, received);
    });
  };
  const options = { maxHeaderSize: 65_536 };
  const server: Server =
    tls === undefined ? createServer(options, listener) : createTlsServer({ ...options, ...tls }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${address.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** 201 with credentials, some members changed. */
export function success(changes: Readonly<Record<string, unknown>> = {}): Answer {
  return json(201, {
    credentialSet: [
      {
        credentials: { ...CREDENTIALS, ...changes },
        roleArn: "arn:aws:iam::123456789012:role/Example",
        assumedRoleUser: {
          arn: "arn:aws:sts::123456789012:assumed-role/Example/00",
          assumedRoleId: "AROA:00",
        },
      },
    ],
    subjectArn: "arn:aws:rolesanywhere:us-east-1:123456789012:subject/1",
  });
}
