import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** As much of S3 over HTTP as uploading needs: path-style GET and PUT, and `If-None-Match: *`. */
export interface ObjectStore extends AsyncDisposable {
  readonly endpointUrl: string;
  /** What is stored, by `bucket/key`. */
  readonly objects: Map<string, StoredObject>;
  /** Called with `bucket/key` before a PUT is looked at. */
  beforePut: (path: string) => void;
}

/** An object and its media type. */
export interface StoredObject {
  readonly content: Buffer;
  readonly contentType: string | undefined;
}

/** Starts an object store on a free local port. */
export async function startObjectStore(): Promise<ObjectStore> {
  const objects = new Map<string, StoredObject>();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "", "http://store").pathname.slice(1);
    const refuse = (status: number, code: string) =>
      response
        .writeHead(status, { "content-type": "application/xml" })
        .end(
          `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
        );
    if (request.method === "GET") {
      const found = objects.get(path);
      return found === undefined ? refuse(404, "NoSuchKey") : response.end(found.content);
    }
    const content = await bodyOf(request);
    store.beforePut(path);
    if (request.headers["if-none-match"] === "*" && objects.has(path)) {
      return refuse(412, "PreconditionFailed");
    }
    objects.set(path, { content, contentType: request.headers["content-type"] });
    return response.end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = addressOf(server.address());
  const store: ObjectStore = {
    endpointUrl: `http://127.0.0.1:${port}`,
    objects,
    beforePut: () => {},
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  return store;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function addressOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === "string") {
    throw new TypeError("expected a TCP address");
  }
  return address;
}
