import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { ReceivedRequest } from "../request/received-request.ts";

/** What came back over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends a request byte for byte as it was made, raw headers and all. */
export async function send(baseUrl: string, made: ReceivedRequest, ca?: string): Promise<WireAnswer> {
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
        ...(ca === undefined ? {} : { ca }),
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
