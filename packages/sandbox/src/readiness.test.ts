import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { getDirectly, waitForAnswer } from "./readiness.ts";

describe("waitForAnswer", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** A server that answers with each of the statuses in turn, and then with the last one. */
  async function serve(statuses: number[]): Promise<string> {
    let calls = 0;
    server = createServer((_request, response) => {
      response.writeHead(statuses[Math.min(calls++, statuses.length - 1)] ?? 500).end("body");
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return address !== null && typeof address === "object" ? `http://127.0.0.1:${address.port}/` : "";
  }
  const init = (url: string) => ({
    url,
    name: "it",
    timeoutMs: 10_000,
    intervalMs: 1,
    logDirectory: "/logs",
  });

  it("settles with the body once the answer is good", async () => {
    expect(await waitForAnswer(init(await serve([503, 500, 200])))).toBe("body");
  });

  it("says what came last when the time is over", async () => {
    const url = await serve([503]);
    await expect(waitForAnswer({ ...init(url), timeoutMs: 50 })).rejects.toMatchObject({
      code: "ERR_SANDBOX_TIMEOUT",
      message: `it did not answer at ${url} within 0.05 s (last: HTTP 503). See the logs in /logs`,
      logDirectory: "/logs",
    });
  });

  it("does not wait for a program that has died", async () => {
    const url = await serve([503]);
    const died = (): string => "exit code 55";
    await expect(waitForAnswer({ ...init(url), died })).rejects.toMatchObject({
      code: "ERR_SANDBOX_START_FAILED",
      message: "it ended before it was ready: exit code 55. See the logs in /logs",
    });
  });

  it("ends with the signal's reason", async () => {
    const reason = new Error("enough");
    const url = await serve([503]);
    await expect(waitForAnswer({ ...init(url), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("getDirectly", () => {
  it("asks the server and no proxy, whatever the environment says", async () => {
    const server = createServer((_request, response) => response.writeHead(201).end("body"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const url = address !== null && typeof address === "object" ? `http://127.0.0.1:${address.port}/` : "";
    // Node reads these variables when it starts. Port 9 (discard) refuses connections.
    const dead = "http://127.0.0.1:9";
    const environment = { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: dead, http_proxy: dead };
    const library = new URL("../dist/readiness.js", import.meta.url).href;
    const ask = (call: string): Promise<{ stdout: string }> =>
      promisify(execFile)(
        process.execPath,
        [
          "--input-type=module",
          "-e",
          `import { getDirectly } from ${JSON.stringify(library)};
           const outcome = await ${call}.then(({ status }) => status, () => "failed");
           console.log(outcome);`,
        ],
        { env: environment },
      );
    try {
      expect((await ask(`fetch(${JSON.stringify(url)})`)).stdout).toBe("failed\n");
      expect((await ask(`getDirectly(${JSON.stringify(url)})`)).stdout).toBe("201\n");
      expect(await getDirectly(url)).toEqual({ status: 201, body: "body" });
    } finally {
      server.close();
    }
  });
});
