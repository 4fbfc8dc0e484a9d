import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import { lockFolder } from "./folder-lock.ts";

const hash = (...parts: string[]): string =>
  createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8);
const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
const machine = hash(hostname(), bootId, readlinkSync("/proc/self/ns/pid"));
const startOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ")[19] ?? "";

/** Leaves a claim in a folder, as another process would. */
function claim(
  directory: string,
  { pid = process.pid, start = "0", host = machine, moment = 1 } = {},
): string {
  const name = `.ra-pki-lock-${String(moment).padStart(15, "0")}-${pid}-${start}-${host}-00000000`;
  writeFileSync(join(directory, name), "");
  return name;
}

describe("lockFolder", () => {
  it("lets one at a time in, and leaves nothing behind", async () => {
    const directory = temporaryDirectory();
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const release = await lockFolder(directory);
        inside += 1;
        most = Math.max(most, inside);
        order.push(index);
        await new Promise(setImmediate);
        inside -= 1;
        await release();
      }),
    );
    expect(most).toBe(1);
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes over from a process that has ended", async () => {
    const directory = temporaryDirectory();
    const child = spawn(process.execPath, ["-e", "0"]);
    await once(child, "exit");
    claim(directory, { pid: child.pid ?? 0, start: "7" });
    await (
      await lockFolder(directory, { patienceMs: 0 })
    )();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes over from a process whose id another process has now", async () => {
    const directory = temporaryDirectory();
    claim(directory, { pid: process.ppid, start: "7" });
    await (
      await lockFolder(directory, { patienceMs: 0 })
    )();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes over from a process before this one that had its id", async () => {
    const directory = temporaryDirectory();
    claim(directory, { start: "7" });
    await (
      await lockFolder(directory, { patienceMs: 0 })
    )();
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    { title: "a living process", holder: { pid: process.ppid, start: "alive" } },
    {
      title: "a younger claim of a living process",
      holder: { pid: process.ppid, start: "alive", moment: 10 ** 14 },
    },
    { title: "another thread of this process", holder: { pid: process.pid, start: "own" } },
    { title: "another machine", holder: { pid: 1, start: "7", host: "deadbeef" } },
    {
      title: "a container with the same host name",
      holder: { pid: 1, start: "7", host: hash(hostname(), bootId, "pid:[1]") },
    },
    { title: "a machine with the same host name", holder: { pid: 1, start: "7", host: hash(hostname()) } },
  ])("gives up on $title, says who it is, and leaves its claim", async ({ holder }) => {
    const directory = temporaryDirectory();
    const start = ["alive", "own"].includes(holder.start) ? startOf(holder.pid) : holder.start;
    const name = claim(directory, { ...holder, start });
    await expect(lockFolder(directory, { patienceMs: 0 })).rejects.toMatchObject({
      code: "ERR_PKI_LOCKED",
      path: join(directory, name),
      message: expect.stringMatching(new RegExp(`^process ${holder.pid} .*or end it and delete .*${name}$`)),
    });
    expect(readdirSync(directory)).toEqual([name]);
  });

  it("keeps another copy of the module out", async () => {
    const directory = temporaryDirectory();
    const release = await lockFolder(directory);
    vi.resetModules();
    const copy = await import("./folder-lock.ts");
    await expect(copy.lockFolder(directory, { patienceMs: 0 })).rejects.toMatchObject({
      code: "ERR_PKI_LOCKED",
    });
    expect(readdirSync(directory)).toHaveLength(1);
    await release();
  });

  it("takes no other file for a claim", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, ".ra-pki-lock-mine"), "");
    await (
      await lockFolder(directory, { patienceMs: 0 })
    )();
    expect(readdirSync(directory)).toEqual([".ra-pki-lock-mine"]);
  });
});
