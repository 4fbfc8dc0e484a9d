import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer as createTlsServer } from "node:https";

import { CREDENTIALS, json } from "../test/support/answers.ts";
import type { PlainAnswer as Answer } from "../test/support/answers.ts";

export { CREDENTIALS, json, refused } from "../test/support/answers.ts";
export type { PlainAnswer as Answer } from "../test/support/answers.ts";

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A CreateSession look-alike that keeps what it is asked. */
export interface RecordingService {
  readonly url: string;
  readonly authority: string;
  readonly requests: readonly RecordedRequest[];
  /** Authorities that a client wanted to reach through this service as its proxy; none is reached. */
  readonly tunnels: readonly string[];
  readonly stop: () => Promise<void>;
}

/** 201, or another status, with credentials, some members changed. */
export function success(changes: Readonly<Record<string, unknown>> = {}, status = 201): Answer {
  return json(status, {
    credentialSet: [
      { credentials: { ...CREDENTIALS, ...changes }, roleArn: "arn:aws:iam::123456789012:role/Example" },
    ],
    subjectArn: "arn:aws:rolesanywhere:us-east-1:123456789012:subject/1",
  });
}

/** Starts the service on a free port; it gives the answers in order and then repeats the last one. */
export async function startRecordingService(
  answers: readonly Answer[],
  tls?: { readonly cert: string; readonly key: string },
): Promise<RecordingService> {
  const requests: RecordedRequest[] = [];
  const tunnels: string[] = [];
  const listener: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const answer = answers[requests.length] ?? answers.at(-1) ?? success();
      requests.push({
        method: request.method ?? "",
        target: request.url ?? "",
        headers: headersOf(request),
        body,
      });
      answer(response);
    });
  };
  const options = { maxHeaderSize: 65_536 };
  const server: Server =
    tls === undefined ? createServer(options, listener) : createTlsServer({ ...options, ...tls }, listener);
  server.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const authority = `127.0.0.1:${address.port}`;
  return {
    url: `${tls === undefined ? "http" : "https"}://${authority}`,
    authority,
    requests,
    tunnels,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: unknown[] = await request.toArray();
  return chunks.map(String).join("");
}

/** Repeated headers are joined by commas, as SigV4 does. */
function headersOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    const value = rawHeaders[index + 1] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
