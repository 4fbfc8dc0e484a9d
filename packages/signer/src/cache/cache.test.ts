import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SignerError } from "../errors.ts";
import { json, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { FakeService } from "../../test/support/fake-service.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { MAIN, runCli } from "../../test/support/run-cli.ts";
import type { CliResult } from "../../test/support/run-cli.ts";
import { formatEntry, makeEntry, readEntry } from "./cache-entry.ts";
import type { CacheEntry } from "./cache-entry.ts";
import { cachePlace } from "./cache-place.ts";
import type { CachePlace } from "./cache-place.ts";
import { cachedAnswer } from "./cached-answer.ts";
import { posixChecksum } from "./checksum.ts";
import { tryLock } from "./lock.ts";

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
    ["no JSON", () => writeFileSync(place.path, readFileSync(place.path, "utf8").replace("{", "["))],
  ])("is not there when it is %s", (_title, spoil) => {
    spoil();
    expect(readEntry(place)).toBeUndefined();
  });
});

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

  it("shares a failure with those who waited for it", async () => {
    mkdirSync(place.folder);
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
