import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { SignerError } from "../errors.ts";
import { json, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { FakeService } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { tryLock } from "@roles-anywhere/files";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { MAIN, runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";
import { cachePlace, formatEntry, makeEntry, posixChecksum, readEntry } from "./cache-entry.ts";
import type { CacheEntry, CachePlace } from "./cache-entry.ts";
import { cachedAnswer } from "./cached-answer.ts";

const vector = readVector("ecdsa");
const LAUNCHER = MAIN.replace("main.cjs", "cached.sh");

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(folder.join("client.pem"), vector.certificatePem);
  writeFileSync(folder.join("client.key"), vector.privateKeyPem, { mode: 0o600 });
});
afterEach(() => folder[Symbol.dispose]());

describe("posixChecksum", () => {
  it("is what cksum prints", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const { stdout } = spawnSync("cksum", { input: bytes });
        expect(posixChecksum(bytes)).toBe(stdout.toString().trim().split(" ").slice(0, 2).join("-"));
      }),
      { numRuns: 20 },
    );
  });
});

describe("cachePlace", () => {
  const place = (words: readonly string[], environment = {}): CachePlace | undefined =>
    cachePlace(words, folder.join("client.pem"), {
      RA_SIGNER_CACHE_DIR: folder.join("cache"),
      ...environment,
    });

  it.each<readonly [string, () => CachePlace | undefined]>([
    ["a word", () => place(["credential-process", "--role-arn", "b"])],
    ["where a word ends", () => place(["credential-process", "--role-arna"])],
    [
      "the endpoint",
      () => place(["credential-process", "--role-arn", "a"], { AWS_ENDPOINT_URL: "http://x" }),
    ],
    [
      "the certificate's contents",
      () => {
        appendFileSync(folder.join("client.pem"), "\n");
        return place(["credential-process", "--role-arn", "a"]);
      },
    ],
  ])("is another one when %s changes", (_title, other) => {
    const first = place(["credential-process", "--role-arn", "a"]);
    expect(place(["credential-process", "--role-arn", "a"])).toEqual(first);
    expect(other()?.path).not.toBe(first?.path);
  });

  it("is nowhere for a word with a line break and for no certificate", () => {
    expect(place(["a\nb"])).toBeUndefined();
    expect(cachePlace(["a"], folder.join("nothing"), {})).toBeUndefined();
  });
});

describe("an entry", () => {
  const moment = new Date("2026-01-01T00:00:00Z");
  const answer = '{"Version":1,"SessionToken":"t"}';
  let place: CachePlace;
  beforeEach(() => {
    place = { folder: folder.path, path: folder.join("1-1.2-2"), key: "key" };
    const entry = makeEntry(answer, "2026-01-01T01:00:00Z", moment);
    writeFileSync(place.path, formatEntry(entry, place), { mode: 0o600 });
  });

  it.each([
    ["2026-01-01T01:00:00Z", 45 * 60],
    ["2026-01-01T12:00:00Z", 11.75 * 3600],
    ["2026-01-01T00:15:00Z", 11.25 * 60],
  ])("of a session until %s is fresh for %d s", (expiration, seconds) => {
    expect(makeEntry(answer, expiration, moment).freshUntil).toBe(moment.getTime() / 1000 + seconds);
  });

  it("is read back", () => {
    expect(readEntry(place)).toEqual(makeEntry(answer, "2026-01-01T01:00:00Z", moment));
  });

  it("is not there when it was cut anywhere", () => {
    const { size } = statSync(place.path);
    const found: unknown[] = [];
    for (let length = size - 2; length >= 0; length -= 1) {
      truncateSync(place.path, length);
      found.push(readEntry(place));
    }
    expect(found.filter((entry) => entry !== undefined)).toEqual([]);
  });

  it.each<readonly [string, () => void]>([
    ["open to others", () => chmodSync(place.path, 0o644)],
    [
      "of another key",
      () => writeFileSync(place.path, readFileSync(place.path, "utf8").replace("key", "yek")),
    ],
    [
      "of another version",
      () => writeFileSync(place.path, readFileSync(place.path, "utf8").replace("cache 1", "cache 2")),
    ],
    [
      "without a token",
      () => writeFileSync(place.path, readFileSync(place.path, "utf8").replace("SessionToken", "x")),
    ],
    ["a link", () => (renameSync(place.path, folder.join("end")), symlinkSync("end", place.path))],
    ["a folder", () => (rmSync(place.path), mkdirSync(place.path))],
    ["a named pipe", () => (rmSync(place.path), void spawnSync("mkfifo", ["-m", "600", place.path]))],
    ["in a folder that a group may write to", () => chmodSync(place.folder, 0o770)],
    ["in a folder that everybody may write to", () => chmodSync(place.folder, 0o1777)],
    ["no JSON", () => writeFileSync(place.path, readFileSync(place.path, "utf8").replace("{", "["))],
  ])("is not there when it is %s", (_title, spoil) => {
    spoil();
    expect(readEntry(place)).toBeUndefined();
  });
});

describe("cachedAnswer", () => {
  let clock: number;
  let fetched: number;
  let failure: Error | undefined;
  let place: CachePlace;
  beforeEach(() => {
    clock = Date.UTC(2026, 0, 1);
    fetched = 0;
    failure = undefined;
    place = { folder: folder.join("cache"), path: folder.join("cache", "1-1.2-2"), key: "key" };
  });
  const warnings: string[] = [];
  const ask = (): Promise<string> =>
    cachedAnswer(place, {
      fetch: () => {
        fetched += 1;
        if (failure !== undefined) return Promise.reject(failure);
        const end = new Date(clock + 3_600_000).toISOString();
        const entry: CacheEntry = makeEntry(`{"SessionToken":"${fetched}"}`, end, new Date(clock));
        return Promise.resolve(entry);
      },
      isTransient: () => failure?.message === "down",
      now: () => new Date(clock),
      warn: (line) => void warnings.push(line),
    });

  it("asks once and then answers from a private file", async () => {
    expect(await ask()).toBe('{"SessionToken":"1"}');
    expect(await ask()).toBe('{"SessionToken":"1"}');
    expect(fetched).toBe(1);
    expect(statSync(place.path).mode & 0o777).toBe(0o600);
    expect(statSync(place.folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(place.folder)).toEqual(["1-1.2-2"]);
  });

  it("asks again when less than fifteen minutes are left", async () => {
    await ask();
    clock += 46 * 60_000;
    expect(await ask()).toBe('{"SessionToken":"2"}');
  });

  it("keeps the last answer while the service is down and the session lives, to a minute before its end", async () => {
    await ask();
    failure = new SignerError("ERR_SIGNER_CONNECTION_FAILED", "down");
    clock += 58 * 60_000;
    expect(await ask()).toBe('{"SessionToken":"1"}');
    expect(warnings.at(-1)).toContain("down");
    clock += 61_000;
    await expect(ask()).rejects.toThrow("down");
  });

  it("asks a service that is down every half minute at most while the session lives", async () => {
    await ask();
    failure = new SignerError("ERR_SIGNER_CONNECTION_FAILED", "down");
    clock += 46 * 60_000;
    const start = clock;
    for (; clock < start + 120_000; clock += 1000) {
      expect(await ask()).toBe('{"SessionToken":"1"}');
      expect(warnings.pop()).toContain("down");
    }
    expect(fetched).toBe(1 + 4);
    failure = undefined;
    expect(await ask()).toBe('{"SessionToken":"6"}');
  });

  it("asks again at once when the session has ended, however short ago the service was down", async () => {
    await ask();
    failure = new SignerError("ERR_SIGNER_CONNECTION_FAILED", "down");
    clock += 59 * 60_000 - 1000;
    expect(await ask()).toBe('{"SessionToken":"1"}');
    clock += 2000;
    failure = undefined;
    expect(await ask()).toBe('{"SessionToken":"3"}');
  });

  it("does not keep it when the service says no", async () => {
    await ask();
    failure = new Error("no");
    clock += 50 * 60_000;
    await expect(ask()).rejects.toThrow("no");
  });

  // The cache must never be the reason for having no credentials.
  it.each<readonly [string, () => void, RegExp]>([
    ["others may write to the folder", () => mkdirWithMode(0o777), /others may write to ".*"; .*chmod 700/],
    ["everybody shares the folder", () => mkdirWithMode(0o1777), /others may write to/],
    ["a group may write to the folder", () => mkdirWithMode(0o770), /others may write to/],
    [
      "a file is in the folder's place",
      () => writeFileSync(place.folder, ""),
      /cannot be made or read \(EEXIST\)/,
    ],
    [
      "the folder is a dangling link",
      () => symlinkSync("nowhere/at/all", place.folder),
      /cannot be made or read/,
    ],
    ["a folder is in the lock's place", () => mkdirIn(`${place.path}.lock`), /\.lock" is in the way/],
    ["a named pipe is in the lock's place", () => pipeIn(`${place.path}.lock`), /\.lock" is in the way/],
    [
      "a folder is in the entry's place",
      () => mkdirIn(place.path),
      /the session is not kept: .*(EISDIR|ENOTEMPTY)/,
    ],
  ])("asks the service and warns once when %s", async (_title, spoil, message) => {
    spoil();
    warnings.length = 0;
    expect(await ask()).toBe('{"SessionToken":"1"}');
    expect(await ask()).toBe('{"SessionToken":"2"}');
    expect(warnings).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
  });

  it.runIf(process.getuid?.() === 0)("does not use a folder of another user", async () => {
    mkdirWithMode(0o700);
    chownSync(place.folder, 4321, 4321);
    expect(await ask()).toBe('{"SessionToken":"1"}');
    expect(warnings.at(-1)).toMatch(/belongs to another user; name a folder of your own/);
    expect(readdirSync(place.folder)).toEqual([]);
  });

  it.each<readonly [string, () => void]>([
    ["a named pipe", () => pipeIn(`${place.path}.failure`)],
    ["a folder", () => mkdirSync(`${place.path}.failure`)],
    ["open to others", () => writeFailure(clock, 0o644)],
    ["of the future", () => writeFailure(clock + 3_600_000, 0o600)],
    [
      "a link",
      () => (
        writeFailure(clock, 0o600),
        renameSync(`${place.path}.failure`, folder.join("end")),
        symlinkSync(folder.join("end"), `${place.path}.failure`)
      ),
    ],
  ])("does not believe a failure that is %s", async (_title, spoil) => {
    mkdirWithMode(0o700);
    spoil();
    expect(await ask()).toBe('{"SessionToken":"1"}');
  });

  it("removes what killed processes left, and nothing else", async () => {
    mkdirWithMode(0o700);
    const past = new Date(Date.now() - 601_000);
    const id = "01234567-89ab-cdef-0123-456789abcdef";
    const ours = [`1-1.2-2.${id}.tmp`, `3-3.4-4.lock.${id}.tmp`, `3-3.4-4.failure.${id}.tmp`];
    const others = ["x.tmp", `note.${id}.tmp`, "1-1.2-2.tmp"];
    for (const name of [...ours, ...others]) {
      writeFileSync(`${place.folder}/${name}`, "");
      utimesSync(`${place.folder}/${name}`, past, past);
    }
    for (const name of ["y.tmp", `5-5.6-6.${id}.tmp`]) {
      mkdirSync(`${place.folder}/${name}`);
      utimesSync(`${place.folder}/${name}`, past, past);
    }
    await ask();
    expect(readdirSync(place.folder).sort()).toEqual(
      ["1-1.2-2", ...others, "y.tmp", `5-5.6-6.${id}.tmp`].sort(),
    );
  });

  it("waits for a lock that is held without end no longer than a minute and a half", async () => {
    mkdirWithMode(0o700);
    const release = tryLock(`${place.path}.lock`);
    let waited = 0;
    const answer = await cachedAnswer(place, {
      fetch: () =>
        Promise.resolve(
          makeEntry('{"SessionToken":"1"}', new Date(clock + 3_600_000).toISOString(), new Date(clock)),
        ),
      isTransient: () => false,
      now: () => new Date(clock),
      warn: (line) => void warnings.push(line),
      sleep: (milliseconds) => {
        waited += milliseconds;
        return Promise.resolve();
      },
    });
    release?.();
    expect(answer).toBe('{"SessionToken":"1"}');
    expect(warnings.at(-1)).toMatch(/\.lock" is held without end; delete it/);
    expect(waited).toBeLessThan(91_000);
  });

  function mkdirWithMode(mode: number): void {
    mkdirSync(place.folder);
    chmodSync(place.folder, mode);
  }

  function mkdirIn(path: string): void {
    mkdirWithMode(0o700);
    mkdirSync(path);
  }

  function pipeIn(path: string): void {
    if (!existsSync(place.folder)) mkdirWithMode(0o700);
    spawnSync("mkfifo", ["-m", "600", path]);
  }

  function writeFailure(at: number, mode: number): void {
    const failure = { at, message: "of somebody else", transient: false };
    writeFileSync(`${place.path}.failure`, JSON.stringify(failure));
    chmodSync(`${place.path}.failure`, mode);
  }

  it("shares a failure with those who waited for it", async () => {
    mkdirSync(place.folder, { mode: 0o700 });
    failure = new SignerError("ERR_SIGNER_SERVICE_REFUSED", "refused");
    const answers = await Promise.allSettled(Array.from({ length: 20 }, ask));
    expect(answers.map((answer) => (answer.status === "rejected" ? String(answer.reason) : ""))).toEqual(
      Array.from({ length: 20 }, () => "SignerError: refused"),
    );
    expect(fetched).toBe(1);
    clock += 1;
    failure = undefined;
    await expect(ask()).resolves.toBe('{"SessionToken":"2"}');
  });
});

describe("ra-signer credential-process --cache", () => {
  const words = (service: FakeService): readonly string[] => [
    ...[
      "credential-process",
      "--certificate",
      folder.join("client.pem"),
      "--private-key",
      folder.join("client.key"),
    ],
    ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:1:trust-anchor/1"],
    ...[
      "--profile-arn",
      "arn:aws:rolesanywhere:us-east-1:1:profile/2",
      "--role-arn",
      "arn:aws:iam::1:role/x",
    ],
    ...["--endpoint", service.url, "--cache"],
  ];
  const environment = (): Record<string, string> => ({ RA_SIGNER_CACHE_DIR: folder.join("cache") });
  const ask = (service: FakeService): Promise<CliResult> => runCli(words(service), environment());

  // How it stands hundreds of processes and kills is in test/cache.integ.ts.
  it("makes one request for several processes, whose answers are the same", async () => {
    await using service = await startFakeService(success());
    const results = await Promise.all(Array.from({ length: 8 }, () => ask(service)));
    expect(new Set(results.map(({ stdout, code }) => `${code} ${stdout}`)).size).toBe(1);
    expect(results[0]).toMatchObject({ code: 0, stdout: expect.stringContaining('"Version":1') });
    expect(service.requests).toHaveLength(1);
  });

  it("asks again after cache clear, and for a renewed certificate", async () => {
    await using service = await startFakeService(success());
    await ask(service);
    await ask(service);
    expect(service.requests).toHaveLength(1);
    writeFileSync(folder.join("cache", "note"), "not ours");
    const cleared = await runCli(["cache", "clear"], environment());
    expect(cleared).toMatchObject({
      code: 0,
      stdout: "",
      stderr: expect.stringContaining("removed 1 files"),
    });
    expect(readdirSync(folder.join("cache"))).toEqual(["note"]);
    await ask(service);
    expect(service.requests).toHaveLength(2);
    const renewed = makeIdentity("P-256");
    writeFileSync(folder.join("client.pem"), renewed.certificatePem);
    writeFileSync(folder.join("client.key"), renewed.privateKeyPem);
    await ask(service);
    expect(service.requests).toHaveLength(3);
  });

  it("neither gives out nor keeps a session that has ended when it comes", async () => {
    const past = new Date(Date.now() - 1000).toISOString();
    await using service = await startFakeService(success({ expiration: past }), success());
    expect(await ask(service)).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("clock"),
    });
    expect(await ask(service)).toMatchObject({ code: 0 });
    expect(service.requests).toHaveLength(2);
  });

  it("keeps no failure", async () => {
    await using service = await startFakeService(
      refused(403, "AccessDeniedException", "Invalid signature"),
      json(201, { credentialSet: [] }),
      success(),
    );
    expect(await ask(service)).toMatchObject({ code: 1, stdout: "" });
    expect(await ask(service)).toMatchObject({ code: 1, stdout: "" });
    expect(await ask(service)).toMatchObject({ code: 0 });
  });

  it.each<readonly [string, () => Readonly<Record<string, string>>, RegExp]>([
    [
      "on a link to nowhere",
      () => (symlinkSync("nowhere", folder.join(".cache")), { HOME: folder.path }),
      /cannot be made/,
    ],
    [
      "in a folder of everybody",
      () => (
        mkdirSync(folder.join("c")),
        chmodSync(folder.join("c"), 0o777),
        { RA_SIGNER_CACHE_DIR: folder.join("c") }
      ),
      /others may write/,
    ],
    ["below a file", () => ({ RA_SIGNER_CACHE_DIR: folder.join("client.pem", "c") }), /cannot be made/],
  ])("gives credentials and warns once with the cache %s; doctor says so", async (_title, make, message) => {
    await using service = await startFakeService(success());
    const environment_ = make();
    const { code, stdout, stderr } = await runCli(words(service), environment_);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('"Version":1') });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ra-signer: warning: the cache is not used: [^\n]*\n$/);
    const doctor = await runCli(["doctor", "--offline", ...words(service).slice(1)], environment_);
    expect(doctor.stdout).toMatch(/^warn {2}cache .*no session is kept: .*-> .+/m);
  });

  it("refuses a password on the command line, which it would keep", async () => {
    await using service = await startFakeService(success());
    const result = await runCli([...words(service), "--pkcs8-password", "hunter2"], environment());
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("--pkcs8-password-env") });
  });

  describe("through the launcher", () => {
    /** Runs the launcher with something in place of Node.js that only says that it was started. */
    const launch = (arguments_: readonly string[], more: Readonly<Record<string, string>> = {}): string => {
      const stand = folder.join("stand-in");
      writeFileSync(stand, '#!/bin/sh\nprintf "started:"; for word; do printf "[%s]" "$word"; done\n', {
        mode: 0o755,
      });
      const env = { PATH: process.env["PATH"] ?? "", ...environment(), ...more };
      return spawnSync("/bin/sh", [LAUNCHER, stand, "main.js", ...arguments_], { env }).stdout.toString();
    };

    it("answers a hit without Node.js and starts it for everything else", async () => {
      await using service = await startFakeService(success());
      const started = `started:[main.js]${words(service)
        .map((word) => `[${word}]`)
        .join("")}`;
      expect(launch(words(service))).toBe(started);
      const { stdout } = await ask(service);
      expect(launch(words(service))).toBe(stdout);
      expect(launch(words(service), { AWS_ENDPOINT_URL: "http://x" })).toBe(started);
      expect(launch([...words(service), "--debug"])).toBe(`${started}[--debug]`);
      appendFileSync(folder.join("client.pem"), "\n");
      expect(launch(words(service))).toBe(started);
      expect(launch(["version", "a b", ""])).toBe("started:[main.js][version][a b][]");
    });

    it.each<readonly [string, (entry: string) => string]>([
      ["that is no longer fresh", (entry) => entry.replace(/^\d+$/m, "1")],
      ["that was cut short", (entry) => entry.slice(0, -3)],
      ["of another command line", (entry) => entry.replace("role/x", "role/y")],
      ["of another version", (entry) => entry.replace("cache 1", "cache 2")],
      ["that is empty", () => ""],
    ])("does not answer from an entry %s", async (_title, spoil) => {
      await using service = await startFakeService(success());
      await ask(service);
      const [name = ""] = readdirSync(folder.join("cache"));
      const path = folder.join("cache", name);
      writeFileSync(path, spoil(readFileSync(path, "utf8")));
      expect(launch(words(service))).toMatch(/^started:/);
    });

    it.each<readonly [string, (path: string) => void]>([
      ["whose folder others may write to", () => chmodSync(folder.join("cache"), 0o777)],
      ["whose folder everybody shares", () => chmodSync(folder.join("cache"), 0o1777)],
      ["whose folder a group may write to", () => chmodSync(folder.join("cache"), 0o770)],
      ["that others may read", (path) => chmodSync(path, 0o644)],
      [
        "that is a link",
        (path) => (renameSync(path, folder.join("end")), symlinkSync(folder.join("end"), path)),
      ],
      ["that is a named pipe", (path) => (rmSync(path), void spawnSync("mkfifo", ["-m", "600", path]))],
      ["that is a folder", (path) => (rmSync(path), mkdirSync(path))],
    ])("does not use an entry %s", async (_title, spoil) => {
      await using service = await startFakeService(success());
      const { stdout } = await ask(service);
      expect(launch(words(service))).toBe(stdout);
      const [name = ""] = readdirSync(folder.join("cache"));
      spoil(folder.join("cache", name));
      expect(launch(words(service))).toMatch(/^started:/);
      // Node.js does not use it either, and gives credentials all the same.
      expect(await ask(service)).toMatchObject({ code: 0, stdout });
      expect(service.requests).toHaveLength(2);
    });

    it("takes a folder whose name has blanks, quotes and a line break", async () => {
      await using service = await startFakeService(success());
      const odd = { RA_SIGNER_CACHE_DIR: folder.join('it\'s a "folder"\nd $x') };
      const { stdout } = await runCli(words(service), odd);
      expect(launch(words(service), odd)).toBe(stdout);
    });

    it("is what configure writes", async () => {
      await using service = await startFakeService(success());
      const [, ...rest] = words(service);
      const config = folder.join("config");
      const result = await runCli(
        ["configure", "--profile", "p", "--config-file", config, ...rest],
        environment(),
      );
      expect(result).toMatchObject({ code: 0 });
      const [, line = ""] = /credential_process = (.*)/.exec(readFileSync(config, "utf8")) ?? [];
      expect(line).toContain(`"/bin/sh" "${LAUNCHER}" "${process.execPath}" "${MAIN}" credential-process`);
      const env = { PATH: process.env["PATH"] ?? "", ...environment() };
      const run = (): Promise<string> =>
        new Promise((resolve) => {
          const child = spawn("sh", ["-c", line], { env });
          void child.stdout
            .setEncoding("utf8")
            .toArray()
            .then((parts) => resolve(parts.join("")));
        });
      const first = await run();
      expect(JSON.parse(first)).toMatchObject({ Version: 1 });
      expect(await run()).toBe(first);
      expect(service.requests).toHaveLength(1);
      expect(launch(rest)).toMatch(/^started:/);
    });
  });
});
