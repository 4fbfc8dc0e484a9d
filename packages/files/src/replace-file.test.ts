import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs, {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createServer } from "node:net";
import { dirname } from "node:path";

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";
import { tryLock } from "./lock.ts";
import { readIfPresent } from "./read.ts";
import * as files from "./replace-file.ts";
import * as inPlace from "./write-in-place.ts";

const { keepCopy } = files;
const replaceFile = (path: string, text: string, expected?: string, options = {}): void =>
  files.replaceFile(path, text, expected, { program: "ra-signer", ...options });
const recover = (path: string): void => inPlace.recover(path, "ra-signer");

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = folder.join("config");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  syncBuiltinESMExports();
  folder[Symbol.dispose]();
});

/** Puts another function in the place of one of node:fs, until the test ends. */
function standIn(
  name: "mkdirSync" | "openSync" | "readFileSync" | "renameSync",
  act: (original: (...words: readonly unknown[]) => unknown, words: readonly unknown[]) => unknown,
): void {
  const original = fs[name] as (...words: readonly unknown[]) => unknown;
  vi.spyOn(fs, name).mockImplementation((...words: readonly unknown[]) => act(original, words) as never);
  syncBuiltinESMExports();
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("replaceFile", () => {
  it.each([0o022, 0o000, 0o777])("makes a private file in private folders under umask %o", (mask) => {
    const before = process.umask(mask);
    try {
      replaceFile(folder.join("a", "b", "config"), "n\u00e9w", undefined);
    } finally {
      process.umask(before);
    }
    expect(readFileSync(folder.join("a", "b", "config"), "latin1")).toBe("n\u00e9w");
    expect(["a", "a/b", "a/b/config"].map((name) => modeOf(folder.join(name)))).toEqual([
      0o700, 0o700, 0o600,
    ]);
  });

  it("makes private folders where a default ACL replaces the umask", () => {
    // As where setfacl -d -m u::rwx,g::rwx,o::rwx was called: the mode that is asked for is all that counts.
    standIn("mkdirSync", (make, [path, options = {}]) => {
      make(path, options);
      const mode =
        typeof options === "object" && options !== null && "mode" in options ? options.mode : 0o777;
      for (let made = String(path); made !== folder.path; made = dirname(made)) chmodSync(made, Number(mode));
    });
    replaceFile(folder.join("a", "b", "config"), "new", undefined);
    expect(["a", "a/b", "a/b/config"].map((name) => modeOf(folder.join(name)))).toEqual([
      0o700, 0o700, 0o600,
    ]);
  });

  it.each<readonly [string, RegExp, () => unknown]>([
    ["a file that is renamed", /config\.\w+\.tmp$/, () => replaceFile(file, "new", "old", { secret: true })],
    ["the lock", /-lock\.\w+\.tmp$/, () => replaceFile(file, "new", "old")],
    [
      "the journal",
      /-journal\.\w+\.tmp$/,
      () => (linkSync(file, folder.join("name")), replaceFile(file, "new", "old")),
    ],
    ["a copy", /\.\w+\.tmp$/, () => keepCopy(file, "old")],
  ])("leaves what a link leads to that somebody puts in place of %s", (_title, temporary, act) => {
    const victim = folder.join("victim");
    writeFileSync(victim, "");
    chmodSync(victim, 0o644);
    writeFileSync(file, "old");
    if (process.getuid?.() === 0) chownSync(file, 4321, 4321);
    const before = statSync(victim);
    let swapped = 0;
    standIn("openSync", (open, words) => {
      const opened = open(...words);
      const path = String(words[0]);
      if (temporary.test(path)) {
        fs.unlinkSync(path);
        symlinkSync(victim, path);
        swapped += 1;
      }
      return opened;
    });
    act();
    expect(swapped).toBe(1);
    const { uid, gid, mode, ctimeMs } = statSync(victim);
    expect({ uid, gid, mode, ctimeMs }).toEqual({
      uid: before.uid,
      gid: before.gid,
      mode: before.mode,
      ctimeMs: before.ctimeMs,
    });
  });

  const failRename = (code: string): void =>
    standIn("renameSync", (rename, words) => {
      if (words[1] === file) throw Object.assign(new Error(code), { code });
      rename(...words);
    });

  it("writes into a file that turns out to be a mount", () => {
    writeFileSync(file, "old");
    failRename("EBUSY");
    replaceFile(file, "new", "old");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });

  it.each(["EPERM", "EACCES"])("writes nothing when the rename fails with %s", (code) => {
    writeFileSync(file, "old");
    failRename(code);
    expect(() => replaceFile(file, "new", "old")).toThrow(expect.objectContaining({ code: "UNWRITABLE" }));
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });

  it("finds where the file is mounted elsewhere behind a mount that it cannot look at", () => {
    writeFileSync(file, "old");
    const { ino } = statSync(file);
    symlinkSync(".", folder.join("there"));
    const points = [folder.join("config", "config"), folder.join("there", "config")];
    const mounts = points.map((point) => `1 1 0:1 /config ${point} rw - ext4 none rw\n`).join("");
    standIn("readFileSync", (read, words) => (words[0] === "/proc/self/mountinfo" ? mounts : read(...words)));
    replaceFile(file, "new", "old");
    expect({ text: readFileSync(file, "utf8"), ino: statSync(file).ino }).toEqual({ text: "new", ino });
  });

  it.each([
    [0o644, false, 0o644],
    [0o640, false, 0o640],
    [0o400, false, 0o400],
    [0o644, true, 0o600],
    [0o666, true, 0o600],
    [0o400, true, 0o400],
  ])("of mode %o (secret: %s) leaves mode %o", (before, secret, after) => {
    for (const isLinked of [false, true]) {
      const path = folder.join(`file-${isLinked}`);
      writeFileSync(path, "old");
      chmodSync(path, before);
      // A file with a second name is written in place.
      if (isLinked) linkSync(path, folder.join("name"));
      replaceFile(path, "new", "old", { secret });
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(modeOf(path)).toBe(after);
    }
    expect(readFileSync(folder.join("name"), "utf8")).toBe("new");
    expect(readdirSync(folder.path).sort()).toEqual(["file-false", "file-true", "name"]);
  });

  it("gives a reader the old file or the new one", () => {
    writeFileSync(file, "old");
    const { ino } = statSync(file);
    replaceFile(file, "new", "old");
    expect(statSync(file).ino).not.toBe(ino);
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });

  it.each<readonly [string, () => readonly [link: string, end: string]]>([
    ["a link", () => (symlinkSync("end", file), [file, folder.join("end")])],
    ["an absolute link", () => (symlinkSync(folder.join("end"), file), [file, folder.join("end")])],
    [
      "a link to a link",
      () => {
        symlinkSync("middle", file);
        symlinkSync("end", folder.join("middle"));
        return [file, folder.join("end")];
      },
    ],
    [
      "a link in a folder that is a link",
      () => {
        mkdirSync(folder.join("real", "inner"), { recursive: true });
        symlinkSync("real/inner", folder.join("linked"));
        symlinkSync("../end", folder.join("linked", "config"));
        return [folder.join("linked", "config"), folder.join("real", "end")];
      },
    ],
    [
      "a folder that is a dangling link",
      () => {
        symlinkSync("not/yet", folder.join("aws"));
        return [folder.join("aws", "config"), folder.join("not", "yet", "config")];
      },
    ],
  ])("follows %s to its end, which need not exist", (_title, make) => {
    const [link, end] = make();
    const linkOf = (path: string): string | undefined =>
      lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
    const before = linkOf(link);
    replaceFile(link, "first", undefined);
    expect(readFileSync(end, "utf8")).toBe("first");
    replaceFile(link, "second", "first");
    expect(readFileSync(end, "utf8")).toBe("second");
    expect(linkOf(link)).toBe(before);
    expect(lstatSync(end).isFile()).toBe(true);
  });

  it.each<readonly [string, () => void | Promise<void>, RegExp]>([
    ["a folder", () => mkdirSync(file), /is a folder, which is never replaced/],
    ["a named pipe", () => void spawnSync("mkfifo", [file]), /is a named pipe/],
    [
      "a link to a device",
      () => symlinkSync("/dev/null", file),
      /its link ends at "\/dev\/null"\) is a device/,
    ],
    ["a link to itself", () => symlinkSync("config", file), /a link that leads to itself/],
    ["a socket", () => listen(file), /is a socket/],
  ])("refuses %s by name and leaves it as it is", async (_title, make, message) => {
    await make();
    const before = lstatSync(file);
    for (const secret of [false, true]) {
      expect(() => replaceFile(file, "new", undefined, { secret })).toThrow(
        expect.objectContaining({
          code: "UNWRITABLE",
          message: expect.stringMatching(message),
          path: file,
        }),
      );
    }
    expect(lstatSync(file)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });

  it("refuses /dev/null itself", () => {
    const before = statSync("/dev/null");
    expect(() => replaceFile("/dev/null", "x", undefined)).toThrow(
      /"\/dev\/null" is a device.*path of a file/,
    );
    expect(statSync("/dev/null")).toMatchObject({ rdev: before.rdev, mode: before.mode });
  });

  it.each([false, true])("writes nothing when somebody else was faster (second name: %s)", (isLinked) => {
    writeFileSync(file, "theirs");
    if (isLinked) linkSync(file, folder.join("name"));
    expect(() => replaceFile(file, "mine", "old")).toThrow(expect.objectContaining({ code: "CHANGED" }));
    expect(readFileSync(file, "utf8")).toBe("theirs");
    expect(readdirSync(folder.path)).toEqual(isLinked ? ["config", "name"] : ["config"]);
  });

  it("removes what killed writers left, and nothing else", () => {
    const past = new Date(Date.now() - 601_000);
    const theirs = ["config.20261126-063346.tmp", "config.note.tmp", "other.0123456789ab.tmp"];
    const left = [
      "config.0123456789ab.tmp",
      "config.ra-signer-journal.0123456789ab.tmp",
      `config.ra-signer-lock.${randomUUID()}.tmp`,
    ];
    for (const name of [...theirs, ...left]) {
      writeFileSync(folder.join(name), "");
      utimesSync(folder.join(name), past, past);
    }
    mkdirSync(folder.join("config.aaaaaaaaaaaa.tmp"));
    utimesSync(folder.join("config.aaaaaaaaaaaa.tmp"), past, past);
    writeFileSync(folder.join("config.bbbbbbbbbbbb.tmp"), "");
    writeFileSync(file, "old");
    recover(file);
    expect(readdirSync(folder.path).sort()).toEqual([
      "config",
      "config.20261126-063346.tmp",
      "config.aaaaaaaaaaaa.tmp",
      "config.bbbbbbbbbbbb.tmp",
      "config.note.tmp",
      "other.0123456789ab.tmp",
    ]);
  });

  it("waits for another writer, and takes the lock of one that was killed", async () => {
    const holder = spawn("sleep", ["0.3"]);
    const stat = readFileSync(`/proc/${holder.pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    writeFileSync(`${file}.ra-signer-lock`, `${holder.pid} ${stat[19]} token`, { mode: 0o600 });
    // The holder's end is noticed by the system, not by this process, which waits without its event loop.
    replaceFile(file, "new", undefined);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(readdirSync(folder.path)).toEqual(["config"]);
    await new Promise((resolve) => holder.once("close", resolve));
  });
});

function listen(path: string): Promise<void> {
  const server = createServer();
  server.unref();
  return new Promise((resolve) => server.listen(path, resolve));
}

describe("recover", () => {
  /** The journal beside a file. */
  const leave = (before: string, after: string): void =>
    writeFileSync(`${file}.ra-signer-journal`, JSON.stringify({ before, after }), { mode: 0o600 });

  it("gives back the old contents wherever a writer was killed within the file", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const size = Math.max(before.length, after.length);
        const written = after.padEnd(size, "\n");
        const padded = before.padEnd(size, "\n");
        const states = [
          ...Array.from(
            { length: size - before.length + 1 },
            (_unused, count) => before + "\n".repeat(count),
          ),
          ...Array.from(
            { length: size + 1 },
            (_unused, count) => written.slice(0, count) + padded.slice(count),
          ),
        ];
        for (const state of states) {
          writeFileSync(file, state);
          leave(before, after);
          recover(file);
          expect(readFileSync(file, "utf8")).toBe(state === after ? after : before);
          expect(readdirSync(folder.path)).toEqual(["config"]);
        }
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it("looks for no journal in a home directory that is none", () => {
    vi.stubEnv("HOME", "/dev/null");
    writeFileSync(file, "old");
    recover(file);
    replaceFile(file, "new", "old");
    expect(readFileSync(file, "utf8")).toBe("new");
  });

  it("waits for no lock that is held, and removes that of a process that has ended", () => {
    const lock = `${file}.ra-signer-lock`;
    writeFileSync(file, "old");
    const release = tryLock(lock);
    recover(file);
    expect(existsSync(lock)).toBe(true);
    release?.();
    writeFileSync(lock, `${spawnSync("true").pid} 1 token`);
    recover(file);
    expect(readdirSync(folder.path)).toEqual(["config"]);
  });

  it("keeps both when the file was changed since", () => {
    writeFileSync(file, "repaired by hand");
    leave("old", "new");
    expect(() => recover(file)).toThrow(/what it held before is in ".*config\.ra-signer-journal"/);
    expect(readFileSync(file, "utf8")).toBe("repaired by hand");
    expect(readdirSync(folder.path)).toEqual(["config", "config.ra-signer-journal"]);
  });

  it.each<readonly [string, () => void]>([
    ["is open to others", () => chmodSync(`${file}.ra-signer-journal`, 0o644)],
    ["is no journal", () => writeFileSync(`${file}.ra-signer-journal`, "[]")],
  ])("takes no journal that %s", (_title, spoil) => {
    writeFileSync(file, "old");
    leave("theirs", "new");
    spoil();
    recover(file);
    expect(readFileSync(file, "utf8")).toBe("old");
  });
});

describe("readIfPresent", () => {
  it.each<readonly [string, () => void, string | undefined]>([
    ["nothing", () => {}, undefined],
    ["a dangling link", () => symlinkSync("nowhere", file), undefined],
    ["/dev/null", () => symlinkSync("/dev/null", file), undefined],
    ["a link", () => (writeFileSync(folder.join("end"), "text"), symlinkSync("end", file)), "text"],
  ])("of %s", (_title, make, expected) => {
    make();
    expect(readIfPresent(file)).toBe(expected);
  });

  it.each<readonly [string, () => void]>([
    ["a folder", () => mkdirSync(file)],
    ["a named pipe", () => void spawnSync("mkfifo", [file])],
  ])("refuses %s", (what, make) => {
    make();
    expect(() => readIfPresent(file)).toThrow(
      expect.objectContaining({
        code: "UNREADABLE",
        message: expect.stringContaining(`it is ${what}`),
      }),
    );
  });
});

describe("keepCopy", () => {
  it("never writes over an older copy, and is private", () => {
    mkdirSync(`${file}.backup`);
    symlinkSync("nowhere", `${file}.backup2`);
    const copies = ["a", "b", "a"].map((text) => keepCopy(file, text));
    expect(copies).toEqual([`${file}.backup3`, `${file}.backup4`, `${file}.backup3`]);
    expect(copies.map(modeOf)).toEqual([0o600, 0o600, 0o600]);
  });
});
