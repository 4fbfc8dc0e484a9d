import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const MIB = 1024 * 1024;

/** The command in a process of its own, since a process that runs out of memory cannot say so. */
async function startCommand() {
  const { PATH } = process.env;
  const child = spawn(
    process.execPath,
    ["--max-old-space-size=256", MAIN, "--port", "0", "--sts-endpoint", "http://127.0.0.1:1", "--quiet"],
    { env: { PATH }, stdio: ["ignore", "pipe", "ignore"] },
  );
  const [line] = await once(createInterface(child.stdout), "line");
  return {
    url: String(line).split(" ").at(-1) ?? "",
    /** The most memory that it ever had, in MiB; where the system does not tell, nothing. */
    peakMib: (): number => {
      if (process.platform !== "linux") return 0;
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "close");
    },
  };
}

/** @returns the status, or the error of a connection that was closed before all was sent */
function send(url: string, method: string, path: string, body: Buffer) {
  return new Promise<number | string | undefined>((resolve) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const call = request(`${url}${path}`, { method, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
      answer.on("error", (error) => resolve(error.message));
    });
    call.on("error", (error) => resolve(error.message));
    call.end(body);
  });
}

const filled = (start: string, repeated: string, size: number): Buffer => {
  const body = Buffer.alloc(size, repeated);
  body.write(start);
  return body;
};
const snapshotOf = (profiles: string): string =>
  `{"version":1,"accountId":"000000000000","region":"us-east-1","trustAnchors":[],"crls":[],"subjects":[],"profiles":${profiles}}`;

describe("the memory that one request can take", () => {
  it.each<[title: string, method: string, path: string, body: () => Buffer, status: number]>([
    ["40 MB of brackets as a fault", "POST", "/_mock/faults", () => Buffer.alloc(40 * MIB, "["), 413],
    ["1 MiB of brackets as a fault", "POST", "/_mock/faults", () => Buffer.alloc(MIB, "["), 400],
    ["1 MiB of closed brackets as a clock", "PUT", "/_mock/clock", () => nested(MIB), 400],
    ["40 MB for a reset, which reads none", "POST", "/_mock/reset", () => Buffer.alloc(40 * MIB, "["), 413],
    ["40 MB of text as a snapshot", "PUT", "/_mock/snapshot", () => Buffer.alloc(40 * MIB, "x"), 413],
    ["30 MiB of brackets as a snapshot", "PUT", "/_mock/snapshot", () => Buffer.alloc(30 * MIB, "["), 400],
    ["30 MiB of closed brackets as a snapshot", "PUT", "/_mock/snapshot", () => nested(30 * MIB), 400],
    [
      "30 MiB of empty objects as a snapshot",
      "PUT",
      "/_mock/snapshot",
      () => Buffer.from(snapshotOf(`[${"{},".repeat(10 * MIB - 200)}{}]`)),
      400,
    ],
    ["30 MiB of one text as a snapshot", "PUT", "/_mock/snapshot", () => filled('"', "x", 30 * MIB), 400],
    [
      "30 MiB of one name as a snapshot",
      "PUT",
      "/_mock/snapshot",
      () => Buffer.from(`{"${"x".repeat(30 * MIB - 10)}":1}`),
      400,
    ],
    [
      "30 MiB of account id as a snapshot",
      "PUT",
      "/_mock/snapshot",
      () => Buffer.from(snapshotOf("[]").replace(/0{12}/, "0".repeat(30 * MIB))),
      400,
    ],
    [
      "900,000 names as a snapshot",
      "PUT",
      "/_mock/snapshot",
      () => Buffer.from(`{${Array.from({ length: 900_000 }, (_, at) => `"${at}":0`).join(",")}}`),
      400,
    ],
    ["40 MB for the control plane", "POST", "/profiles", () => Buffer.alloc(40 * MIB, "["), 413],
    ["40 MB for CreateSession", "POST", "/sessions", () => Buffer.alloc(40 * MIB, "["), 413],
  ])("is bounded for %s", { timeout: 60_000 }, async (_, method, path, body, status) => {
    await using command = await startCommand();
    const answer = await send(command.url, method, path, body());
    // A server may answer before it has read all, and close.
    expect([status, ...(status === 413 ? ["read ECONNRESET", "write EPIPE"] : [])]).toContain(answer);
    expect(command.peakMib()).toBeLessThan(512);
    expect((await fetch(`${command.url}/_mock/health`)).status).toBe(200);
  });
});

function nested(size: number): Buffer {
  return Buffer.concat([Buffer.alloc(size / 2, "["), Buffer.alloc(size / 2, "]")]);
}
