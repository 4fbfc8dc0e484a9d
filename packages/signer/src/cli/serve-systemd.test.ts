import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";

import { refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import { MAIN } from "../../test/support/run-cli.ts";
import { ask, folderWithIdentity, serveWords, startServe, TOKEN_PATH } from "../../test/support/served.ts";
import type { Served } from "../../test/support/served.ts";

const folder = folderWithIdentity();
afterAll(() => folder[Symbol.dispose]());

let programs: string;
let log: string;
let variables: string;
beforeEach(() => {
  programs = newFolder();
  log = `${programs}/log`;
  variables = `${programs}/variables`;
});

let count = 0;
function newFolder(): string {
  const path = folder.join(`programs${(count += 1)}`);
  mkdirSync(path);
  return path;
}

/** A program of that name that keeps its arguments and variables. */
function standIn(rest = ""): void {
  const script = `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\n/usr/bin/env >'${variables}'\n${rest}\n`;
  writeFileSync(`${programs}/systemd-notify`, script, { mode: 0o755 });
}

const told = (): readonly string[] =>
  existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : [];

const start = (answers: readonly Answer[], more: readonly string[] = []): Promise<Served> =>
  startServe(folder, answers, more, {
    NOTIFY_SOCKET: "/run/systemd/notify",
    PATH: programs,
    SECRET: "not for others",
  });

const warnings = (notes: readonly string[]): readonly string[] =>
  notes.filter((line) => line.includes("systemd"));

describe.skipIf(process.platform === "win32")("ra-signer serve under systemd", () => {
  it("is ready when the first session is there, and says when it stops", async () => {
    standIn();
    let release = (): void => {};
    const served = await start([
      (response, request) => {
        release = () => success()(response, request);
      },
    ]);
    try {
      await vi.waitUntil(() => served.requests.length === 1, 10_000);
      expect((await ask(`${served.url}${TOKEN_PATH}`, "PUT")).status).toBe(200);
      expect(told()).toEqual([]);
      release();
      await vi.waitUntil(() => told().length > 0, 10_000);
      expect(told()).toEqual([`--ready --status=listening on ${new URL(served.url).host}`]);
    } finally {
      await served[Symbol.asyncDispose]();
    }
    expect(told().slice(1)).toEqual(["STOPPING=1"]);
    expect(warnings(served.notes)).toEqual([]);
  });

  it("is ready when the service refuses as well", async () => {
    standIn();
    await using served = await start([refused(403, "AccessDeniedException", "no")]);
    await vi.waitUntil(() => told().length > 0, 10_000);
    expect(told()).toEqual([expect.stringMatching(/^--ready /)]);
    expect(served.notes.at(-1)).toContain("there is no session to serve");
  });

  it("waits for the first attempt of each role", async () => {
    standIn();
    let release = (): void => {};
    const held: Answer = (response, request) => {
      release = () => success()(response, request);
    };
    await using served = await start(
      [success(), held],
      ["--container-token-file", folder.join("token"), "--also-role-arn", "arn:aws:iam::1:role/Other"],
    );
    await vi.waitUntil(() => served.requests.length === 2, 10_000);
    expect(told()).toEqual([]);
    release();
    await vi.waitUntil(() => told().length > 0, 10_000);
    expect(told()).toHaveLength(1);
  });

  it("gives the program nothing but the socket and the path", async () => {
    standIn();
    {
      await using _served = await start([success()]);
      await vi.waitUntil(() => told().length > 0, 10_000);
    }
    const given = readFileSync(variables, "utf8").split("\n");
    expect(given).toContain("NOTIFY_SOCKET=/run/systemd/notify");
    // The shell of the stand-in adds the others.
    const names = given
      .map((line) => line.split("=")[0])
      .filter((name) => !/^(_|PWD|OLDPWD|SHLVL|)$/.test(name ?? ""));
    expect(new Set(names)).toEqual(new Set(["NOTIFY_SOCKET", "PATH"]));
  });

  it.each<readonly [string, () => void, RegExp]>([
    [
      "is not there",
      () => {},
      /--ready.*NOTIFY_SOCKET is set, but systemd-notify is not in PATH; use Type=exec/,
    ],
    [
      "fails",
      () => standIn("echo no such socket >&2; exit 3"),
      /systemd-notify failed \(3\): no such socket/,
    ],
    ["cannot be run", () => writeFileSync(`${programs}/systemd-notify`, "", { mode: 0o600 }), /EACCES/],
  ])("serves with one warning when systemd-notify %s", async (_title, arrange, message) => {
    arrange();
    const served = await start([success()]);
    await vi.waitUntil(() => warnings(served.notes).length > 0, 10_000);
    expect((await ask(`${served.url}${TOKEN_PATH}`, "PUT")).status).toBe(200);
    await served[Symbol.asyncDispose]();
    expect(warnings(served.notes)).toEqual([expect.stringMatching(message)]);
  });

  it("runs nothing without NOTIFY_SOCKET", async () => {
    standIn();
    {
      await using served = await startServe(folder, [success()], [], { PATH: programs });
      await vi.waitUntil(() => served.requests.length === 1, 10_000);
    }
    expect(told()).toEqual([]);
  });
});

/**
 * Binds a datagram socket as systemd does, and prints what arrives until it is killed: after its message systemd-notify
 * sends another one (BARRIER=1), to know that the first was read.
 */
const RECEIVER = `
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(server.recv(4096).decode(), flush=True)
`;

const canReceive = ["python3", "systemd-notify"].every(
  (program) => spawnSync(program, ["--version"]).status === 0,
);

describe.runIf(canReceive)("ra-signer serve with systemd's own program", () => {
  it("sends READY and STOPPING to the socket", async () => {
    using sockets = temporaryFolder();
    await using service = await startFakeService(success());
    const path = sockets.join("notify");
    const receiver = spawn("python3", ["-c", RECEIVER, path], { stdio: ["ignore", "pipe", "inherit"] });
    using _receiver = { [Symbol.dispose]: () => receiver.kill() };
    const received: string[] = [];
    createInterface({ input: receiver.stdout }).on("line", (line) => received.push(line));
    await vi.waitUntil(() => received.includes("bound"), 10_000);

    const child = spawn(process.execPath, [MAIN, "serve", ...serveWords(folder, service.url)], {
      env: { PATH: process.env["PATH"] ?? "", NOTIFY_SOCKET: path },
      stdio: ["ignore", "ignore", "pipe"],
    });
    using _child = { [Symbol.dispose]: () => child.kill("SIGKILL") };
    const notes = child.stderr.setEncoding("utf8").toArray();
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    await vi.waitUntil(() => received.includes("READY=1"), 10_000);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    await vi.waitUntil(() => received.includes("STOPPING=1"), 10_000);
    expect(received).toContainEqual(expect.stringMatching(/^STATUS=listening on 127\.0\.0\.1:\d+$/));
    expect(received.findLast((line) => line !== "BARRIER=1")).toBe("STOPPING=1");
    expect((await notes).join("")).not.toContain("systemd");
  });
});
