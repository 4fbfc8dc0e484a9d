import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** An HTTP request with its exact headers. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn, in the order and letter case of the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  /** Address of the sender, for tests that pass the request to a function and do not send it. */
  readonly sourceIp?: string | undefined;
}

/** An HTTP response. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * Sends a request with exactly these headers and this body.
 *
 * @param ca The authority to trust, in PEM, for an https URL.
 */
export async function send(baseUrl: string, made: WireRequest, ca?: string): Promise<WireAnswer> {
  const url = new URL(baseUrl);
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = start(
      {
        host: url.hostname,
        port: url.port,
        method: made.method,
        path: made.target,
        setHost: false,
        headers: [...made.rawHeaders, "Content-Length", String(made.body.length)],
        agent: false,
        ca,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => {
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text: Buffer.concat(chunks).toString(),
          });
        });
        answer.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(made.body);
  });
}
