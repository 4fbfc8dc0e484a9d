import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";

import { temporaryFolder } from "@roles-anywhere/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { tryLock } from "./lock.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

describe("tryLock", () => {
  it("is held by one at a time", () => {
    const release = tryLock(folder.join("lock"));
    expect(release).toBeDefined();
    expect(tryLock(folder.join("lock"))).toBeUndefined();
    release?.();
    expect(tryLock(folder.join("lock"))).toBeDefined();
  });

  it("is taken from a process that is gone", () => {
    const { pid } = spawnSync(process.execPath, ["-e", "0"]);
    writeFileSync(folder.join("lock"), `${pid} token`);
    expect(tryLock(folder.join("lock"))).toBeDefined();
  });

  it.runIf(process.platform === "linux")("is taken from a process that nobody has buried", async () => {
    // The shell's child is gone; the program that takes the shell's place never asks for its exit status.
    const parent = spawn("sh", ["-c", "sh -c 'echo $$'& exec sleep 60"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [pid] = (await once(parent.stdout, "data")).map((chunk) => String(chunk).trim());
    const state = (): string => readFileSync(`/proc/${pid}/stat`, "utf8");
    await vi.waitUntil(
      () => state().includes(") Z ") && /\(sleep\)/.test(readFileSync(`/proc/${parent.pid}/stat`, "utf8")),
      10_000,
    );
    writeFileSync(folder.join("lock"), `${pid} ${state().split(" ")[21]} token`);
    const release = tryLock(folder.join("lock"));
    parent.kill();
    expect(release).toBeDefined();
  });

  it.runIf(process.platform === "linux")("is taken when its process id has become another's", () => {
    tryLock(folder.join("lock"));
    const held = readFileSync(folder.join("lock"), "utf8");
    const [pid, start, token] = held.split(" ");
    writeFileSync(folder.join("lock"), `${pid} ${Number(start) - 1} ${token}`);
    expect(tryLock(folder.join("lock"))).toBeDefined();
  });

  it("is left to a process of another machine, which nobody here can see, until it is old", () => {
    const path = folder.join("lock");
    const { pid } = spawnSync(process.execPath, ["-e", "0"]);
    writeFileSync(path, `${pid} 1 token deadbeef`);
    expect(tryLock(path)).toBeUndefined();
    const past = new Date(Date.now() - 61_000);
    utimesSync(path, past, past);
    expect(tryLock(path)).toBeDefined();
  });

  it("is taken when it is older than any request can be", () => {
    tryLock(folder.join("lock"));
    const past = new Date(Date.now() - 61_000);
    utimesSync(folder.join("lock"), past, past);
    expect(tryLock(folder.join("lock"))).toBeDefined();
  });

  it("is left to whoever took it over", () => {
    const release = tryLock(folder.join("lock"));
    writeFileSync(folder.join("lock"), "1 other");
    release?.();
    expect(readFileSync(folder.join("lock"), "utf8")).toBe("1 other");
  });
});

describe("tryLock where something is in the way", () => {
  it.each<readonly [string, (path: string) => void]>([
    ["a folder", (path) => mkdirSync(path)],
    ["a named pipe", (path) => void spawnSync("mkfifo", [path])],
    ["a link", (path) => symlinkSync("nowhere", path)],
  ])("says so for %s", (_title, make) => {
    make(folder.join("lock"));
    expect(() => tryLock(folder.join("lock"))).toThrow(/lock" is in the way and no file; delete it/);
  });

  it("takes one that is dated to the future", () => {
    tryLock(folder.join("lock"));
    const future = new Date(Date.now() + 86_400_000);
    utimesSync(folder.join("lock"), future, future);
    expect(tryLock(folder.join("lock"))).toBeDefined();
  });
});
