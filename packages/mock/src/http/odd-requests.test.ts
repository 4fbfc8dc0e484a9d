import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ReceivedRequest } from "../request/received-request.ts";
import { signedRequest } from "@roles-anywhere/testing";
import { createWorld } from "../../test/support/world.ts";
import { MAX_BODY_BYTES } from "./app.ts";
import { startMock } from "./server.ts";
import type { RunningMock } from "./server.ts";

const world = createWorld();
const lines: string[] = [];
let mock: RunningMock;
beforeAll(async () => {
  const { state } = world.context;
  mock = await startMock({
    state,
    accountId: state.accountId,
    aws: world.aws,
    clock: { now: () => world.now },
    log: (line) => lines.push(line),
  });
});
afterAll(() => mock.close());
beforeEach(() => {
  lines.length = 0;
});

/** Bytes to the server as they are; it is asked to close, so what comes back is all that it says. */
async function exchange(...parts: readonly (string | Uint8Array)[]): Promise<string> {
  const socket = await open();
  for (const part of parts) socket.write(part);
  return await readAll(socket);
}

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(mock.url).port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

/** The head of a request, up to its empty line, with further headers. */
function head(request: ReceivedRequest, ...more: readonly string[]): string {
  const headers: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  return `${[`${request.method} ${request.target} HTTP/1.1`, ...headers, "Connection: close", ...more].join("\r\n")}\r\n\r\n`;
}

const chunk = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

const statuses = (answer: string): string[] =>
  answer.match(/HTTP\/1\.1 \d{3}/g)?.map((line) => line.slice(9)) ?? [];

describe("CreateSession over a raw connection", () => {
  it("takes a body in chunks, cut anywhere, for what was signed", async () => {
    const request = signedRequest(world.call());
    const cuts = [request.body.subarray(0, 1), request.body.subarray(1, 40), request.body.subarray(40)];
    const answer = await exchange(
      head(request, "Transfer-Encoding: chunked"),
      ...cuts.map(chunk),
      "0\r\n\r\n",
    );
    expect(statuses(answer)).toEqual(["201"]);
  });

  it("refuses a body in chunks that is not the signed one", async () => {
    const answer = await exchange(
      head(signedRequest(world.call()), "Transfer-Encoding: chunked"),
      chunk(Buffer.from("{}")),
      "0\r\n\r\n",
    );
    expect(statuses(answer)).toEqual(["403"]);
    expect(mock.context.audit.list(1)).toMatchObject([{ _mock: { reason: "SIGNATURE_MISMATCH" } }]);
  });

  it("refuses chunks that grow too large with 413", async () => {
    const answer = await exchange(
      head(signedRequest(world.call()), "Transfer-Encoding: chunked"),
      chunk(Buffer.alloc(MAX_BODY_BYTES + 1)),
    );
    expect(statuses(answer)).toEqual(["413"]);
  });

  it("tells a client that waits for it to go on with the body", async () => {
    const request = signedRequest(world.call());
    const socket = await open();
    socket.write(head(request, `Content-Length: ${request.body.length}`, "Expect: 100-continue"));
    const [interim]: unknown[] = await once(socket, "data");
    expect(String(interim)).toMatch(/^HTTP\/1\.1 100 Continue/);
    socket.write(request.body);
    expect(statuses(await readAll(socket))).toEqual(["201"]);
  });

  it("reads a header section of 64 KiB, and refuses one that is larger than it takes", async () => {
    const request = signedRequest(world.call());
    const length = `Content-Length: ${request.body.length}`;
    const large = await exchange(head(request, length, `X-Large: ${"x".repeat(64 * 1024)}`), request.body);
    expect(statuses(large)).toEqual(["201"]);
    const huge = await exchange(head(request, length, `X-Huge: ${"x".repeat(160 * 1024)}`));
    expect(statuses(huge)).toEqual(["431"]);
  });

  it("calls a client that goes away in the middle of its body no defect", async () => {
    const request = signedRequest(world.call());
    const socket = await open();
    socket.write(head(request, "Content-Length: 500"));
    socket.write(request.body.subarray(0, 20));
    socket.destroy();
    // The next answer comes from the same event loop, after the broken request was dealt with.
    const next = await exchange(head(request, `Content-Length: ${request.body.length}`), request.body);
    expect(statuses(next)).toEqual(["201"]);
    expect(lines.filter((line) => line.startsWith("defect"))).toEqual([]);
  });
});

describe("what could smuggle a second request", () => {
  const request = signedRequest(world.call());
  const second = "GET /_mock/health HTTP/1.1\r\nHost: x\r\n\r\n";

  it.each([
    ["a length and chunks", ["Content-Length: 4", "Transfer-Encoding: chunked"]],
    ["chunks and a length", ["Transfer-Encoding: chunked", "Content-Length: 4"]],
    ["two lengths", ["Content-Length: 4", "Content-Length: 200"]],
    ["a length that is no number", ["Content-Length: +4"]],
    ["an unknown encoding after chunks", ["Transfer-Encoding: chunked, identity"]],
    ["a blank before the colon", ["Transfer-Encoding : chunked"]],
    ["a folded header", ["X-Fold: a", " b", "Transfer-Encoding: chunked, x"]],
  ])("%s: 400, and nothing after it is answered", async (_, headers) => {
    const answer = await exchange(head(request, ...headers), `0\r\n\r\n${second}`);
    expect(statuses(answer)).toEqual(["400"]);
  });

  it("bytes after a body of known length: a request of their own", async () => {
    const first = head(request, `Content-Length: ${request.body.length}`).replace(
      "Connection: close\r\n",
      "",
    );
    const last = second.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    expect(statuses(await exchange(first, request.body, last))).toEqual(["201", "200"]);
  });

  it("bytes after a last body: none", async () => {
    const answer = await exchange(
      head(request, `Content-Length: ${request.body.length}`),
      request.body,
      second,
    );
    expect(statuses(answer)).toHaveLength(1);
    expect(answer).not.toContain('"status":"ok"');
  });
});

describe("methods that no operation has", () => {
  it.each(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])("%s /sessions is 404", async (method) => {
    const answer = await exchange(`${method} /sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(statuses(answer)).toEqual(["404"]);
    expect(answer).toMatch(/x-amzn-errortype: UnknownOperationException/i);
  });

  it.each([
    ["a method that is none", "GIMME /sessions HTTP/1.1\r\nHost: x\r\n\r\n", "400"],
    ["no Host", "POST /sessions HTTP/1.1\r\nConnection: close\r\n\r\n", "400"],
    ["a Host that is none", "POST /sessions HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", "400"],
    ["OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400"],
    [
      "a path with a broken escape",
      "GET /crl/%E0%A4%A HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      "403",
    ],
    ["CONNECT", "CONNECT sessions:80 HTTP/1.1\r\nHost: x\r\n\r\n", undefined],
  ])("%s gets no 5xx", async (_, request, expected) => {
    expect(statuses(await exchange(request))).toEqual(expected === undefined ? [] : [expected]);
    expect(lines).toEqual([]);
  });
});
