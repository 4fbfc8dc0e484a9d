import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { MAIN } from "./support/run-cli.ts";
import { createRandom } from "@roles-anywhere/testing";
import { sessionWords, startWorld } from "./support/start-world.ts";
import type { World } from "./support/start-world.ts";

const LAUNCHER = MAIN.replace("main.cjs", "cached.sh");
const KILL_AT_STEP = fileURLToPath(new URL("support/kill-at-step.cjs", import.meta.url));

/** The two ways to ask, as programs with their first arguments. */
const WAYS = {
  "Node.js": [process.execPath, MAIN],
  "the launcher": ["/bin/sh", LAUNCHER, process.execPath, MAIN],
} as const;
type Way = keyof typeof WAYS;

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly kill: () => void;
  readonly ended: Promise<Result>;
}

/** Starts `ra-signer credential-process --cache`. */
function start(way: Way, folder: string, environment: Readonly<Record<string, string>> = {}): Run {
  const [program, ...first] = WAYS[way];
  const child = spawn(program, [...first, "credential-process", "--cache", ...sessionWords(world)], {
    env: { PATH: process.env["PATH"] ?? "", RA_SIGNER_CACHE_DIR: folder, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    new Promise<number | null>((resolve) => child.once("close", resolve)),
  ]).then(([stdout, stderr, code]) => ({ code, stdout: stdout.join(""), stderr: stderr.join("") }));
  return { kill: () => void child.kill("SIGKILL"), ended };
}

/**
 * Starts many at once. From a shell and with a low priority: this process has the service to run, and a service that
 * does not answer within ten seconds is asked a second time.
 */
async function startAtOnce(count: number, way: Way, folder: string): Promise<readonly Result[]> {
  const script =
    'i=0; while [ $i -lt $COUNT ]; do i=$((i+1)); { nice -n 19 "$@" >$i.out 2>$i.err; echo $? >$i.code; } & done; wait';
  const words = [...WAYS[way], "credential-process", "--cache", ...sessionWords(world)];
  const shell = spawn("/bin/sh", ["-c", script, "sh", ...words], {
    cwd: world.path(),
    env: { PATH: process.env["PATH"] ?? "", RA_SIGNER_CACHE_DIR: folder, COUNT: String(count) },
    stdio: "ignore",
  });
  await new Promise((resolve) => shell.once("close", resolve));
  return Array.from({ length: count }, (_unused, index) => {
    const read = (extension: string): string => readFileSync(world.path(`${index + 1}.${extension}`), "utf8");
    return { code: Number(read("code")), stdout: read("out"), stderr: read("err") };
  });
}

/** What is wrong with an answer: anything but a whole session that the service granted and that lives. */
function faultOf(result: Result, moment: number): string | undefined {
  if (result.code !== 0) return `exit code ${result.code}: ${result.stderr}`;
  let answer: unknown;
  try {
    answer = JSON.parse(result.stdout);
  } catch {
    return `torn: ${result.stdout}`;
  }
  const session = world.granted.find(({ accessKeyId }) => result.stdout.includes(accessKeyId));
  if (session === undefined) return `not granted: ${result.stdout}`;
  const expiration = Object(answer).Expiration;
  if (!(Date.parse(expiration) > moment)) return `expired: ${expiration} at ${moment}`;
  const { accessKeyId, secretAccessKey, sessionToken } = session;
  const whole = JSON.stringify({
    Version: 1,
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiration,
    AccountId: "123456789012",
  });
  return result.stdout === whole ? undefined : `mixed up: ${result.stdout}`;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const isEntry = (name: string): boolean => /^\d+-\d+\.\d+-\d+$/.test(name);

/** Asks once more; what is wrong with the answer, and with the time it took. */
async function faultsAfter(way: Way, folder: string): Promise<readonly string[]> {
  const asked = Date.now();
  const fault = faultOf(await start(way, folder).ended, asked);
  const seconds = (Date.now() - asked) / 1000;
  return [
    ...(fault === undefined ? [] : [fault]),
    // Far below the minute after which any lock is taken.
    ...(seconds > 20 ? [`waited ${seconds} s for a lock`] : []),
  ];
}

const locksIn = (folder: string): readonly string[] =>
  namesIn(folder).filter((name) => name.endsWith(".lock"));

/** Replaces the first time of an entry, until which it is fresh, or its end as well. */
function age(folder: string, what: "stale" | "expired"): void {
  const name = namesIn(folder).find(isEntry);
  if (name === undefined) return;
  const path = `${folder}/${name}`;
  const lines = readFileSync(path, "utf8").split("\n");
  lines[1] = "1";
  if (what === "expired") {
    lines[4] = "2";
    lines[3] = (lines[3] ?? "").replace(/"Expiration":"[^"]*"/, '"Expiration":"1970-01-01T00:00:02Z"');
  }
  writeFileSync(`${path}.aged`, lines.join("\n"), { mode: 0o600 });
  renameSync(`${path}.aged`, path);
}

describe.each(["Node.js", "the launcher"] as const)("200 processes at once through %s", (way) => {
  it("make one CreateSession on a cold cache and give the same good answer", async () => {
    const folder = world.path("cache");
    // The first request costs the service most.
    await start("Node.js", world.path("other")).ended;
    const results = await startAtOnce(200, way, folder);
    expect(results.map((result) => faultOf(result, Date.now())).filter(Boolean)).toEqual([]);
    expect(new Set(results.map(({ stdout }) => stdout)).size).toBe(1);
    expect(world.reasons()).toEqual([undefined, undefined]);
    expect(namesIn(folder).filter((name) => !isEntry(name))).toEqual([]);
  });
});

describe("a process that is killed", () => {
  it(
    "at any step of its work on files spoils no answer and leaves no lock",
    { timeout: 600_000 },
    async () => {
      const folder = world.path("cache");
      const die = (at: string): Run =>
        start("Node.js", folder, {
          NODE_OPTIONS: `--require=${KILL_AT_STEP}`,
          KILL_AT: at,
          KILL_STEPS: world.path("steps"),
        });
      expect(await die("count").ended).toMatchObject({ code: 0 });
      const steps = readFileSync(world.path("steps"), "utf8").trim().split("\n");
      expect(steps).toContain("renameSync");
      const moments = steps.flatMap((name, index) =>
        ["before", ...(name === "writeFileSync" ? ["within"] : []), "after"].map(
          (when) => `${index + 1}:${when}`,
        ),
      );
      const faults: string[] = [];
      let killed = 0;
      for (const state of ["cold", "stale", "expired"] as const) {
        for (const [index, moment] of moments.entries()) {
          const way = index % 2 === 0 ? "Node.js" : "the launcher";
          if (state === "cold") rmSync(folder, { recursive: true, force: true });
          else age(folder, state);
          killed += Number((await die(moment).ended).code === null);
          faults.push(...(await faultsAfter(way, folder)).map((fault) => `${state}, ${moment}: ${fault}`));
          // A dead lock may lie beside a fresh entry; it must not hold up who needs the next one.
          if (locksIn(folder).length === 0) continue;
          age(folder, "expired");
          faults.push(
            ...(await faultsAfter(way, folder)).map((fault) => `${state}, ${moment}, next: ${fault}`),
          );
          if (locksIn(folder).length > 0) faults.push(`${state}, ${moment}: left a lock for ever`);
        }
      }
      expect(faults).toEqual([]);
      expect(killed).toBeGreaterThan(2 * moments.length);
    },
  );

  const seed = Number(process.env["RA_SEED"] ?? Date.now() % 1_000_000);
  it(
    `500 times at random (RA_SEED=${seed}) spoils no answer and leaves no lock`,
    { timeout: 600_000 },
    async () => {
      const LANES = 2;
      const KILLS = 250;
      const started = Date.now();
      await start("Node.js", world.path("cache-of-nobody")).ended;
      const lifeMs = 1.1 * (Date.now() - started);

      const faults: string[] = [];
      let locks = 0;
      const lane = async (number: number): Promise<void> => {
        const random = createRandom(seed + number).next;
        const folder = world.path(`cache-${number}`);
        // Some come to their end before they are killed.
        for (let kills = 0; kills < KILLS;) {
          const way = random() < 0.5 ? "Node.js" : "the launcher";
          const state = random();
          if (state < 0.3) rmSync(folder, { recursive: true, force: true });
          else if (state < 0.6) age(folder, "stale");
          else if (state < 0.9) age(folder, "expired");
          const killAfterMs = random() * lifeMs;
          const together = random() < 0.3;

          const victim = start(way, folder);
          setTimeout(victim.kill, killAfterMs);
          // Some ask while the other is still at work, most when it is gone.
          if (!together) await victim.ended;
          locks += Number(!together && locksIn(folder).length > 0);
          const faultsNow = await faultsAfter(random() < 0.5 ? "Node.js" : "the launcher", folder);
          faults.push(
            ...faultsNow.map((fault) => `lane ${number}, kill ${kills} after ${killAfterMs} ms: ${fault}`),
          );
          kills += Number((await victim.ended).code === null);
        }
        age(folder, "expired");
        faults.push(...(await faultsAfter("Node.js", folder)));
        faults.push(...locksIn(folder).map((name) => `lane ${number} left ${name}`));
      };
      await Promise.all(Array.from({ length: LANES }, (_unused, number) => lane(number)));
      expect(faults).toEqual([]);
      // Else the kills came too late or too early to prove anything.
      expect(locks).toBeGreaterThan(LANES * KILLS * 0.05);
    },
  );
});
