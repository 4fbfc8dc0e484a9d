import { createServer as createHttpServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect as netConnect, createServer as createNetServer } from "node:net";
import type { AddressInfo, Server } from "node:net";

import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";

import { makeServerIdentity } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";
import { makeIdentity } from "../../test/support/identities.ts";
import { proxyFromEnvironment } from "./proxy.ts";
import { createHttpSend } from "./send.ts";
import type { HttpRequest, HttpSend } from "./send.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function requestTo(url: string): HttpRequest {
  return { method: "POST", url, headers: { Host: new URL(url).host }, body: "hello", timeoutMs: 5000 };
}

const BOTH_LENGTHS =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

/** A server that sends these bytes, in pieces if told so, and closes the connection. */
async function serverOf(...pieces: readonly string[]): Promise<string> {
  const server = createNetServer((socket) => {
    socket.on("error", () => {}).setNoDelay(true);
    socket.once("data", async () => {
      for (const piece of pieces) {
        await new Promise((resolve) => socket.write(Buffer.from(piece, "latin1"), resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      socket.end();
    });
  });
  return `http://127.0.0.1:${await listen(server)}/`;
}

describe("the response", () => {
  it.each([
    ["Content-Length", "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello", 201],
    ["the end of the connection", "HTTP/1.0 200 OK\r\n\r\nhello", 200],
    ["no reason phrase", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", 200],
    [
      "an interim answer",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
      200,
    ],
    [
      "chunks with extension and trailer",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nT: 1\r\n\r\n",
      200,
    ],
    [
      "several codings, the last one chunked, in capitals",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity,\tChunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
      200,
    ],
    [
      "chunk sizes in hexadecimal, with leading zeros",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000005\r\nhello\r\n0\r\n\r\n",
      200,
    ],
  ])("is read with %s, whatever the size of the pieces", async (_title, text, status) => {
    for (const pieces of [[text], [...text]]) {
      const answer = createHttpSend()(requestTo(await serverOf(...pieces)));
      await expect(answer).resolves.toMatchObject({ status, body: "hello" });
    }
  });

  it("has the first value of a header that is repeated", async () => {
    const twice = (name: string, value: string): string => `${name}: ${value}\r\n${name}: other\r\n`;
    const headers = `${twice("Date", "Thu, 26 Nov 2026 00:00:00 GMT")}${twice("Retry-After", "2")}`;
    const url = await serverOf(`HTTP/1.1 200 OK\r\n${headers}Content-Length: 0\r\n\r\n`);
    const response = await createHttpSend()(requestTo(url));
    expect(["date", "Retry-After"].map((name) => response.header(name))).toEqual([
      "Thu, 26 Nov 2026 00:00:00 GMT",
      "2",
    ]);
  });

  it.each([
    ["nothing", "", "ERR_SIGNER_CONNECTION_FAILED"],
    [
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
      "ERR_SIGNER_RESPONSE_INVALID",
    ],
    ["half a header", "HTTP/1.1 200 OK\r\nA", "ERR_SIGNER_CONNECTION_FAILED"],
    ["half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", "ERR_SIGNER_CONNECTION_FAILED"],
    [
      "half a chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhe",
      "ERR_SIGNER_CONNECTION_FAILED",
    ],
    [
      "no last chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
      "ERR_SIGNER_CONNECTION_FAILED",
    ],
    [
      "a bad chunk size",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "ERR_SIGNER_RESPONSE_INVALID",
    ],
    ["a bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "ERR_SIGNER_RESPONSE_INVALID"],
    ["a TLS alert", "\u0015\u0003\u0001\u0000\u0002", "ERR_SIGNER_RESPONSE_INVALID"],
    ...["", "-1", "+5", "5 5", "0x5", "5g", "1.5", "000000005", " 5", ";x=y", "5\n", "2"].map(
      (size): [string, string, string] => [
        `the chunk size "${size}"`,
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n0\r\n\r\n`,
        "ERR_SIGNER_RESPONSE_INVALID",
      ],
    ),
    ...["", "+5", "5 5", "0x5", "5.0", "5,5"].map((length): [string, string, string] => [
      `the length "${length}"`,
      `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nhello`,
      "ERR_SIGNER_RESPONSE_INVALID",
    ]),
    ...["", "20", "2000", "+20", "2e2", "20x", "200OK", "200\tOK", " 200"].map(
      (status): [string, string, string] => [
        `the status "${status}"`,
        `HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\nhello`,
        "ERR_SIGNER_RESPONSE_INVALID",
      ],
    ),
    ...["HTTP/1.2", "HTTP/1.10", "HTTP/0.9", "HTTP/2.0", "http/1.1", " HTTP/1.1"].map(
      (version): [string, string, string] => [
        `the version "${version}"`,
        `${version} 200 OK\r\nContent-Length: 5\r\n\r\nhello`,
        "ERR_SIGNER_RESPONSE_INVALID",
      ],
    ),
    ["HTTP/2", "HTTP/2 200\r\n\r\n", "ERR_SIGNER_RESPONSE_INVALID"],
    ["a header without colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n", "ERR_SIGNER_RESPONSE_INVALID"],
    ["endless headers", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`, "ERR_SIGNER_RESPONSE_INVALID"],
    ["a length beside chunks", BOTH_LENGTHS, "ERR_SIGNER_RESPONSE_INVALID"],
    ["another protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "ERR_SIGNER_RESPONSE_INVALID"],
    ["interim responses only", "HTTP/1.1 100\r\n\r\n".repeat(60_000), "ERR_SIGNER_CONNECTION_FAILED"],
    [
      "half of the trailers",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\n",
      "ERR_SIGNER_CONNECTION_FAILED",
    ],
    ...[
      "Content-Length: 5\r\nContent-Length: 9",
      "Content-Length: 2000000",
      "A : b",
      "A: b\r\n c",
      ": b",
      "A: b\nC: d",
      "A: \u0000",
      "A: \u001b[2J",
    ].map((header): [string, string, string] => [
      `the header ${JSON.stringify(header)}`,
      `HTTP/1.1 200 OK\r\n${header}\r\n\r\nhello`,
      "ERR_SIGNER_RESPONSE_INVALID",
    ]),
  ])("is refused with %s", async (_title, text, code) => {
    const answer = createHttpSend()(requestTo(await serverOf(text)));
    await expect(answer).rejects.toMatchObject({ code });
  });

  it("is given or refused whatever bytes arrive, and never waited for", async () => {
    let bytes = Buffer.alloc(0);
    const server = createNetServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(bytes));
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("", "HTTP/1.1 200 OK\r\n"),
      async (rest, start) => {
        bytes = Buffer.concat([Buffer.from(start), rest]);
        const outcome = await createHttpSend()(requestTo(url)).catch((error: unknown) => error);
        if (!(outcome instanceof Error)) return;
        expect(outcome).toMatchObject({
          code: expect.stringMatching(/^ERR_SIGNER_(RESPONSE_INVALID|CONNECTION_FAILED)$/),
        });
      },
    );
    await fc.assert(property);
  });
});

describe("a header or path that HTTP does not have", () => {
  it.each(["a\r\nb", "a\u0000", "a\u007f", "a\u0100"])("is not sent: %j", async (value) => {
    const request = requestTo(await serverOf("HTTP/1.1 200 OK\r\n\r\n"));
    await expect(createHttpSend()({ ...request, headers: { A: value } })).rejects.toThrow(TypeError);
    await expect(createHttpSend()({ ...request, headers: { [value]: "a" } })).rejects.toThrow(TypeError);
    await expect(createHttpSend()({ ...request, url: `${request.url}${value}` })).rejects.toThrow(TypeError);
  });
});

describe("createHttpSend", () => {
  it("exchanges with a Node.js server, chunked or not, of any size", async () => {
    const bodies: string[] = [];
    const port = await listen(
      createHttpServer((request, response) => {
        request.resume().on("end", () => {
          const [, chunked, length] = (request.url ?? "").split("/");
          const body = "ü".repeat(Number(length));
          if (chunked === "no") response.setHeader("Content-Length", Buffer.byteLength(body));
          response.setHeader("X-Name", "Value");
          response.write(body.slice(0, 10));
          response.end(body.slice(10));
        });
      }),
    );
    for (const path of ["no/0", "no/5", "yes/3", "no/400000", "yes/400000"]) {
      const response = await createHttpSend()(requestTo(`http://127.0.0.1:${port}/${path}`));
      expect(response.status).toBe(200);
      expect(response.header("x-name")).toBe("Value");
      bodies.push(response.body);
    }
    expect(bodies.map((body) => body.length)).toEqual([0, 5, 3, 400_000, 400_000]);
  });

  it("refuses an answer above one mebibyte", async () => {
    const port = await listen(createHttpServer((_request, response) => response.end("x".repeat(1_100_000))));
    await expect(createHttpSend()(requestTo(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({
      code: "ERR_SIGNER_RESPONSE_INVALID",
      message: expect.stringContaining("mebibyte"),
    });
  });

  describe("over TLS", () => {
    const server = makeServerIdentity();
    const other = makeServerIdentity();
    const elsewhere = makeIdentity("P-256");
    const serve = (identity: TestIdentity): Promise<number> =>
      listen(
        createHttpsServer(
          { cert: identity.certificatePem, key: identity.privateKeyPem },
          (_request, response) => response.end("over TLS"),
        ),
      );

    it("checks the server's certificate unless told otherwise", async () => {
      const request = requestTo(`https://127.0.0.1:${await serve(server)}/`);
      await expect(createHttpSend()(request)).rejects.toMatchObject({
        code: "ERR_SIGNER_SERVER_UNTRUSTED",
        message: expect.stringMatching(/not trusted here: self.signed .* AWS_CA_BUNDLE/),
      });
      await expect(createHttpSend({ verifySsl: false })(request)).resolves.toMatchObject({
        body: "over TLS",
      });
    });

    it("trusts the certificate authorities that it is given, and no others", async () => {
      const request = requestTo(`https://127.0.0.1:${await serve(server)}/`);
      const trusting = ({ certificatePem }: TestIdentity): HttpSend =>
        createHttpSend({ caBundle: () => certificatePem });
      await expect(trusting(server)(request)).resolves.toMatchObject({ body: "over TLS" });
      await expect(trusting(other)(request)).rejects.toMatchObject({ code: "ERR_SIGNER_SERVER_UNTRUSTED" });
    });

    it("refuses a trusted certificate of another server", async () => {
      const send = createHttpSend({ caBundle: () => elsewhere.certificatePem });
      await expect(send(requestTo(`https://127.0.0.1:${await serve(elsewhere)}/`))).rejects.toMatchObject({
        code: "ERR_SIGNER_SERVER_UNTRUSTED",
        message: expect.stringMatching(/127\.0\.0\.1 is not in the cert.* check the endpoint's name/),
      });
    });

    it("blames no certificate when another thing goes wrong", async () => {
      const port = await listen(
        createHttpsServer({ cert: server.certificatePem, key: server.privateKeyPem }, (request) =>
          request.socket.destroy(),
        ),
      );
      for (const options of [{ verifySsl: false }, { caBundle: () => server.certificatePem }]) {
        const answer = createHttpSend(options)(requestTo(`https://127.0.0.1:${port}/`));
        await expect(answer).rejects.toMatchObject({ code: "ERR_SIGNER_CONNECTION_FAILED" });
      }
    });

    it("asks for no certificate authorities where there is no TLS, or it is not checked", async () => {
      const caBundle = (): never => {
        throw new Error("asked");
      };
      const port = await listen(createHttpServer((_request, response) => response.end("plain")));
      const plain = createHttpSend({ caBundle })(requestTo(`http://127.0.0.1:${port}/`));
      await expect(plain).resolves.toMatchObject({ body: "plain" });
      const unchecked = createHttpSend({ caBundle, verifySsl: false });
      const request = requestTo(`https://127.0.0.1:${await serve(server)}/`);
      await expect(unchecked(request)).resolves.toMatchObject({ body: "over TLS" });
    });
  });

  it("gives up on a server that accepts and says nothing", async () => {
    const port = await listen(createNetServer((socket) => void socket.resume()));
    const request = { ...requestTo(`http://127.0.0.1:${port}/`), timeoutMs: 30 };
    await expect(createHttpSend()(request)).rejects.toMatchObject({ code: "ERR_SIGNER_TIMEOUT" });
  });
});

describe("a connection that is made ahead", () => {
  async function countingServer(): Promise<{ url: string; connections: () => number; server: HttpServer }> {
    let connections = 0;
    const server = createHttpServer((_request, response) => response.end("answered"));
    server.on("connection", () => (connections += 1));
    return { url: `http://127.0.0.1:${await listen(server)}/`, connections: () => connections, server };
  }

  it("carries the next request, and none after it", async () => {
    const { url, connections } = await countingServer();
    const send = createHttpSend();
    await send.connectAhead(new URL(url));
    await expect(send(requestTo(url))).resolves.toMatchObject({ body: "answered" });
    expect(connections()).toBe(1);
    await expect(send(requestTo(url))).resolves.toMatchObject({ body: "answered" });
    expect(connections()).toBe(2);
  });

  it("is not used for another origin", async () => {
    const [one, other] = [await countingServer(), await countingServer()];
    const send = createHttpSend();
    await send.connectAhead(new URL(one.url));
    await expect(send(requestTo(other.url))).resolves.toMatchObject({ body: "answered" });
    expect(other.connections()).toBe(1);
    one.server.closeAllConnections();
  });

  it("is replaced when it broke before there was anything to send", async () => {
    const { url, server, connections } = await countingServer();
    const broken = new Promise((resolve) =>
      server.once("connection", (socket) => resolve(socket.resetAndDestroy())),
    );
    const send = createHttpSend();
    await send.connectAhead(new URL(url));
    await broken;
    // The reset arrives with the next turns of the event loop.
    await expect
      .poll(() => send(requestTo(url)).then(({ body }) => body), { timeout: 10_000 })
      .toBe("answered");
    expect(connections()).toBeGreaterThan(1);
  });

  it("fails only when something is sent", async () => {
    const port = await listen(createNetServer());
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const url = `http://127.0.0.1:${port}/`;
    const send = createHttpSend();
    await send.connectAhead(new URL(url));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(send(requestTo(url))).rejects.toMatchObject({
      code: "ERR_SIGNER_CONNECTION_FAILED",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("through a proxy that cannot be used is told of when something is sent", async () => {
    const send = createHttpSend({ proxyFor: proxyFromEnvironment({ HTTP_PROXY: "socks5://p:1" }) });
    const url = "http://service.example/";
    await send.connectAhead(new URL(url));
    await expect(send(requestTo(url))).rejects.toMatchObject({ code: "ERR_SIGNER_ENDPOINT_INVALID" });
  });
});

describe("createHttpSend through a proxy", () => {
  it("sends plain HTTP in absolute form with the proxy's credentials", async () => {
    const seen: unknown[] = [];
    const port = await listen(
      createHttpServer((request, response) => {
        seen.push([request.url, request.headers["proxy-authorization"], request.headers.host]);
        response.end("proxied");
      }),
    );
    const send = createHttpSend({ proxyFor: () => new URL(`http://us%40er:p%3Aw@127.0.0.1:${port}`) });
    await expect(send(requestTo("http://service.example/sessions?a=1"))).resolves.toMatchObject({
      body: "proxied",
    });
    const expected = `Basic ${Buffer.from("us@er:p:w").toString("base64")}`;
    expect(seen).toEqual([["http://service.example/sessions?a=1", expected, "service.example"]]);
  });

  it("tunnels HTTPS with CONNECT", async () => {
    const identity = makeIdentity("P-256");
    const origin = await listen(
      createHttpsServer(
        { cert: identity.certificatePem, key: identity.privateKeyPem },
        (_request, response) => response.end("tunnelled"),
      ),
    );
    const proxy = createHttpServer();
    const asked: string[] = [];
    proxy.on("connect", (request, client) => {
      asked.push(request.url ?? "");
      const upstream = netConnect(origin, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
      upstream.on("error", () => client.destroy()).on("close", () => client.destroy());
    });
    const port = await listen(proxy);
    const send = createHttpSend({ verifySsl: false, proxyFor: () => new URL(`http://127.0.0.1:${port}`) });
    await expect(send(requestTo("https://service.example/"))).resolves.toMatchObject({ body: "tunnelled" });
    expect(asked).toEqual(["service.example:443"]);
  });

  it("names the proxy when it refuses the tunnel", async () => {
    const proxy = createHttpServer();
    proxy.on(
      "connect",
      (_request, client) => void client.end("HTTP/1.1 407 Auth\r\nContent-Length: 4\r\n\r\nnope"),
    );
    const port = await listen(proxy);
    const send = createHttpSend({ proxyFor: () => new URL(`http://user:hunter2@127.0.0.1:${port}`) });
    const error: unknown = await send(requestTo("https://service.example/")).catch((e: unknown) => e);
    expect(error).toMatchObject({
      message: expect.stringContaining("answered 407 to CONNECT service.example:443"),
    });
    expect(String(error)).not.toContain("hunter2");
  });
});
