import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SignedRequest } from "../../src/index.ts";

/** A server on a loopback port that keeps each request as it was received, and answers nothing useful. */
export interface CapturingServer extends AsyncDisposable {
  readonly url: string;
  /** The requests received so far. */
  readonly requests: readonly Omit<SignedRequest, "service">[];
}

export async function captureRequests(): Promise<CapturingServer> {
  const requests: Omit<SignedRequest, "service">[] = [];
  const server = createServer((request, response) => {
    const hash = createHash("sha256");
    request.on("data", (chunk: Buffer) => hash.update(chunk));
    request.on("end", () => {
      requests.push({
        method: request.method ?? "",
        path: request.url ?? "",
        headers: pairs(request.rawHeaders),
        payloadSha256: hash.digest("hex"),
      });
      response.writeHead(400).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pairs(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as const] : [],
  );
}
