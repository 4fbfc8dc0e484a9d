import type { Socket } from "node:net";

import { SignerError } from "../errors.ts";
import { parseHead, parseResponse } from "./parse-response.ts";
import type { ParsedResponse } from "./parse-response.ts";

/** A request as it goes on the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path with query; absolute URL or authority where a proxy needs it. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Left out for CONNECT. */
  readonly body?: string;
}

const MAX_RESPONSE_BYTES = 1024 * 1024;

/**
 * Writes one request to a socket and reads one answer. The socket is left open.
 *
 * Why not node:http: loading it takes about a quarter of the time that bare Node.js takes to start, on the path of every
 * AWS CLI call that has no cached credentials. One request per connection and whole bodies need very little of it.
 *
 * @throws {SignerError} ERR_SIGNER_RESPONSE_INVALID or ERR_SIGNER_CONNECTION_FAILED as `parseResponse`, or for an answer
 *   above one mebibyte; and what the socket fails with.
 */
export function exchange(socket: Socket, request: WireRequest): Promise<ParsedResponse> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      socket.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onError);
      // Errors after the answer concern nobody, but without a listener they would end the process.
      socket.on("error", () => {});
      act();
    };
    const advance = (ended: boolean): void => {
      try {
        if (received.length > MAX_RESPONSE_BYTES) throw tooLarge();
        const response =
          request.method === "CONNECT" ? tunnelAnswer(received, ended) : parseResponse(received, ended);
        if (response !== undefined) settle(() => resolve(response));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      advance(false);
    };
    const onEnd = (): void => advance(true);
    const onError = (error: Error): void => settle(() => reject(error));
    socket.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onError);
    socket.write(formatRequest(request));
  });
}

const UNPRINTABLE = /[^\t\u0020-\u007e]/;

/** The bytes of a request (RFC 9112 §2.1). */
export function formatRequest(request: WireRequest): string {
  const length =
    request.body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(request.body)) };
  const headers = Object.entries({ ...request.headers, ...length });
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  // All lines in one look; between them a tab is as good as anything.
  if (UNPRINTABLE.test(lines.join("\t"))) {
    const unsafe = lines.find((line) => UNPRINTABLE.test(line)) ?? "";
    throw new TypeError(
      `not sent: ${JSON.stringify(unsafe.slice(0, 80))} is no valid header or request line`,
    );
  }
  return `${lines.join("\r\n")}\r\n\r\n${request.body ?? ""}`;
}

/** An answer to CONNECT has no body when it is a success (RFC 9110 §9.3.6); of a refusal the status is enough. */
function tunnelAnswer(received: Buffer, ended: boolean): ParsedResponse | undefined {
  const head = parseHead(received, ended);
  return head === undefined ? undefined : { ...head, body: received.subarray(0, 0) };
}

function tooLarge(): SignerError {
  return new SignerError(
    "ERR_SIGNER_RESPONSE_INVALID",
    "the answer is larger than one mebibyte; check that the endpoint is Roles Anywhere",
  );
}
