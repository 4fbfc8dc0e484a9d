import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startContainer } from "./container.ts";

/** What Docker is asked for, and what it answers: a server that speaks as much of Docker's API as one container needs. */
describe("startContainer", () => {
  let engine: Server;
  let port: number;
  let folder: string;
  let calls: { call: string; body: unknown }[] = [];
  /** Answers of the engine that a test changes: status and body by method and path. */
  let answers: Record<string, readonly [status: number, body?: unknown]> = {};
  /** Whether the container ends as soon as it has started. */
  let ends = false;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "container-"));
    engine = createServer((request, response) => {
      void answer(request).then(([status, body]) => {
        const isLog = request.url?.includes("/logs");
        response.writeHead(status, {
          "content-type": isLog ? "application/octet-stream" : "application/json",
        });
        // A log that is followed stays open while the container runs.
        if (isLog && !ends) response.flushHeaders();
        else response.end(body === undefined ? "" : JSON.stringify(body));
      });
    });
    await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
    port = (engine.address() as AddressInfo).port;
    // The library asks once and keeps what it found.
    vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    engine.closeAllConnections();
    engine.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${port}`);
    calls = [];
    answers = {};
    ends = false;
  });

  async function answer(request: IncomingMessage): Promise<readonly [number, unknown?]> {
    const path = (request.url ?? "").replace(/^\/v[\d.]+/, "").replace(/\?.*$/, "");
    const call = `${request.method} ${path}`;
    const sent = await text(request);
    const isJson = request.headers["content-type"]?.startsWith("application/json") === true;
    calls.push({ call, body: isJson && sent !== "" ? JSON.parse(sent) : undefined });
    const changed = answers[call];
    if (changed !== undefined) return changed;
    if (call === "POST /containers/create") return [201, { Id: "id" }];
    if (call === "GET /containers/id/json") return [200, inspection()];
    if (call === "POST /containers/id/start") return [204];
    if (call === "GET /health") return [200];
    return [200, {}];
  }

  /** The engine itself stands for the program in the container: its port is the published one. */
  function inspection() {
    const ports = { "4566/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] };
    return {
      Id: "id",
      Name: "/it",
      Config: { Hostname: "it", Labels: {} },
      HostConfig: { PortBindings: ports },
      NetworkSettings: { Ports: ports, Networks: {} },
      State: { Status: "running", Running: true, StartedAt: "2026-01-01T00:00:00Z", FinishedAt: "" },
    };
  }

  const start = (changes: Partial<Parameters<typeof startContainer>[0]> = {}) =>
    startContainer({
      name: "it",
      image: "image:test",
      network: "net",
      labels: { label: "value" },
      environment: { SETTING: "1" },
      port: 4566,
      publishAddress: "127.0.0.1",
      publishedHost: "127.0.0.1",
      healthPath: "/health",
      timeoutMs: 10_000,
      logDirectory: folder,
      logName: "it",
      ...changes,
    });
  const bodyOf = (wanted: string): unknown => calls.find(({ call }) => call === wanted)?.body;

  it.each([
    { title: "a free port", changes: {}, binding: { HostIp: "127.0.0.1", HostPort: "0" } },
    {
      title: "a fixed port",
      changes: { hostPort: 9912 },
      binding: { HostIp: "127.0.0.1", HostPort: "9912" },
    },
    {
      title: "another address",
      changes: { publishAddress: "127.0.0.2" },
      binding: { HostIp: "127.0.0.2", HostPort: "0" },
    },
  ])("publishes $title on one address", async ({ changes, binding }) => {
    answers = { "POST /containers/id/start": [500, { message: "far enough" }] };
    await expect(start(changes)).rejects.toThrow("far enough");
    expect(bodyOf("POST /containers/create")).toMatchObject({
      HostConfig: { PortBindings: { "4566/tcp": [binding] } },
    });
  });

  it("starts this container and no other", async () => {
    const container = await start({ readOnlyFolders: { "/server": folder }, user: "1000:1000" });
    expect(container.url).toBe(`http://127.0.0.1:${port}`);
    await container.stop();
    expect(calls.filter(({ call }) => call === "POST /containers/create")).toMatchObject([
      {
        body: {
          Image: "image:test",
          User: "1000:1000",
          Env: ["SETTING=1"],
          Labels: { label: "value" },
          HostConfig: { NetworkMode: "net", Binds: [`${folder}:/server:ro`] },
        },
      },
    ]);
    expect(calls.map(({ call }) => call)).toContain("DELETE /containers/id");
  });

  it("says what Docker said when the container cannot be created", async () => {
    answers = { "POST /containers/create": [404, { message: "no such network" }] };
    await expect(start()).rejects.toMatchObject({
      code: "ERR_SANDBOX_START_FAILED",
      message: expect.stringMatching(
        /^the container of it \(image:test\) could not be started: .*no such network/,
      ),
    });
  });

  it("does not wait for a container that has ended", async () => {
    ends = true;
    answers = { "GET /health": [503] };
    await expect(start({ timeoutMs: 60_000 })).rejects.toMatchObject({
      code: "ERR_SANDBOX_START_FAILED",
      message: expect.stringContaining("it ended before it was ready: the container of it ended"),
    });
  });

  it("an abort ends the wait", async () => {
    answers = { "GET /health": [503] };
    const signal = AbortSignal.timeout(200);
    await expect(start({ timeoutMs: 60_000, signal })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
