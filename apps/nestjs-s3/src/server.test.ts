import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeGracefully, listeningUrl } from "./server.ts";

let server: Server;
let agent: Agent;
const app = {
  getHttpServer: () => server,
  close: () => new Promise<void>((resolve) => server.close(() => resolve())),
};

const ask = () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return get({ port: address.port, host: "127.0.0.1", agent });
};

beforeEach(async () => {
  agent = new Agent({ keepAlive: true });
  server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

describe("closeGracefully", () => {
  it("does not wait for idle keep-alive connections", async () => {
    server.on("request", (_request, response: ServerResponse) => response.end("done"));
    const [response] = (await once(ask(), "response")) as [IncomingMessage];
    await once(response.resume(), "end");
    await closeGracefully(app, 60_000);
    expect(server.listening).toBe(false);
  });

  it("lets a request in progress end, then closes its connection", async () => {
    const arrived = once(server, "request");
    const answered = once(ask(), "response");
    const [, response] = (await arrived) as [IncomingMessage, ServerResponse];
    const closed = closeGracefully(app, 60_000);
    response.end("done");
    const [answer] = (await answered) as [IncomingMessage];
    expect(await answer.setEncoding("utf8").toArray()).toEqual(["done"]);
    await closed;
  });

  it("cuts a request that does not end in time", async () => {
    const arrived = once(server, "request");
    const failed = once(ask(), "error");
    await arrived;
    await closeGracefully(app, 20);
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  });
});

describe("listeningUrl", () => {
  it.each([
    ["127.0.0.1", "IPv4", "http://127.0.0.1:3000"],
    ["0.0.0.0", "IPv4", "http://127.0.0.1:3000"],
    ["192.0.2.7", "IPv4", "http://192.0.2.7:3000"],
    ["::", "IPv6", "http://[::1]:3000"],
    ["2001:db8::7", "IPv6", "http://[2001:db8::7]:3000"],
  ])("%s (%s) → %s", (address, family, url) => {
    expect(listeningUrl({ address, family, port: 3000 })).toBe(url);
  });
});
