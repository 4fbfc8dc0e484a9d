import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { fromRolesAnywhere } from "../src/index.ts";
import { MAIN, runCli } from "./support/run-cli.ts";
import type { CliResult } from "./support/run-cli.ts";
import { ARNS, sessionWords, startWorld } from "./support/start-world.ts";
import type { FaultKind, World } from "./support/start-world.ts";

const SHIFT_CLOCK = fileURLToPath(new URL("support/shift-clock.cjs", import.meta.url));

/** Bound on everything that is done for one session, with room for a busy machine. */
const TOTAL_SECONDS = 45 + 10;

/** Something that goes wrong, and what has to become of it. */
interface Row {
  readonly title: string;
  /** Makes it go wrong. */
  readonly spoil: (world: World) => Promise<void>;
  /** Calls that reach the service. */
  readonly calls: number;
  readonly code: string;
  /** Names the cause and what to do. */
  readonly message: RegExp;
  /** Whether the last session is better than nothing. */
  readonly isTransient: boolean;
  /** How wrong the clock is here. */
  readonly clockShiftSeconds?: number;
  readonly durationSeconds?: number;
}

const fault = (kind: FaultKind, calls: number, code: string, message: RegExp, title: string = kind): Row => ({
  title,
  spoil: (world) => world.fail(kind),
  calls,
  code,
  message,
  isTransient: true,
});

const here = (seconds: number, calls: number, code: string, message: RegExp): Row => ({
  title: `the clock here ${Math.abs(seconds)} s ${seconds > 0 ? "ahead" : "behind"}`,
  spoil: () => Promise.resolve(),
  clockShiftSeconds: seconds,
  calls,
  code,
  message,
  isTransient: false,
});

// Those that take long are first, so that the others run beside them.
const ROWS: readonly Row[] = [
  fault(
    "delay",
    3,
    "ERR_SIGNER_TIMEOUT",
    /gave up after 3 attempts: no complete answer from http:\S+ within \d+ ms; check that the endpoint is reachable/,
    "hang",
  ),
  fault(
    "throttle",
    3,
    "ERR_SIGNER_SERVICE_REFUSED",
    /gave up after 3 attempts: .*StatusCode: 429, .*ThrottlingException: Rate exceeded; likely cause: .* ten such requests a second: keep sessions with --cache/,
  ),
  fault(
    "internal-error",
    3,
    "ERR_SIGNER_SERVICE_REFUSED",
    /gave up after 3 attempts: .*StatusCode: 500, .*InternalServerException: .*; likely cause: the service, or a proxy .* try again later/,
  ),
  fault(
    "unavailable",
    3,
    "ERR_SIGNER_SERVICE_REFUSED",
    /gave up after 3 attempts: .*StatusCode: 503, .*ServiceUnavailableException: .*; likely cause: the service, or a proxy .* try again later/,
  ),
  fault(
    "drop",
    3,
    "ERR_SIGNER_CONNECTION_FAILED",
    /gave up after 3 attempts: cannot reach http:\S+: .*; check endpoint, network and proxy/,
  ),
  fault(
    "truncate",
    3,
    "ERR_SIGNER_CONNECTION_FAILED",
    /gave up after 3 attempts: cannot reach http:\S+: the server closed the connection within the body; check endpoint, network and proxy/,
  ),
  fault(
    "malformed-json",
    1,
    "ERR_SIGNER_RESPONSE_INVALID",
    /the body is not JSON; check that the endpoint is Roles Anywhere and no proxy answers in its place/,
  ),
  ...[3600, -3600].map((seconds): Row => ({
    title: `the service's clock ${seconds > 0 ? "ahead" : "behind"}`,
    spoil: (world) => world.advanceClock(seconds),
    calls: 1,
    code: "ERR_SIGNER_SERVICE_REFUSED",
    message: new RegExp(
      `403.*; likely cause: this machine's clock is 3[56]\\d\\d s ${seconds > 0 ? "behind" : "ahead of"} the service's; set it right`,
    ),
    isTransient: false,
  })),
  here(
    3600,
    1,
    "ERR_SIGNER_SERVICE_REFUSED",
    /403.*; likely cause: this machine's clock is 3[56]\d\d s ahead of the service's; set it right/,
  ),
  here(
    -86_400,
    0,
    "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID",
    /is valid only from \S+ and it is \S+ here; check this machine's clock/,
  ),
  here(
    3 * 365 * 86_400,
    0,
    "ERR_SIGNER_CERTIFICATE_EXPIRED",
    /expired at \S+ and it is \S+ here; issue a new one, or set this machine's clock right/,
  ),
  {
    title: "a session that has ended when it comes",
    // A clock that is a little wrong is no reason to refuse a request.
    spoil: () => Promise.resolve(),
    clockShiftSeconds: 240,
    durationSeconds: 60,
    calls: 1,
    code: "ERR_SIGNER_RESPONSE_INVALID",
    message:
      /the session that CreateSession gave ended at \S+ and it is \S+ here; set this machine's clock right/,
    isTransient: true,
  },
];

const each = ROWS.map((row) => [row.title, row] as const);

async function spoiltWorld(row: Row): Promise<World> {
  const world = await startWorld(
    row.durationSeconds === undefined ? {} : { durationSeconds: row.durationSeconds },
  );
  await row.spoil(world);
  return world;
}

function environmentOf({ clockShiftSeconds = 0 }: Row, world: World): Record<string, string> {
  return {
    RA_SIGNER_CACHE_DIR: world.path("cache"),
    AWS_SHARED_CREDENTIALS_FILE: world.path("credentials"),
    NODE_OPTIONS: `--require=${SHIFT_CLOCK}`,
    CLOCK_SHIFT_SECONDS: String(clockShiftSeconds),
  };
}

/** What is known of a command that has ended. */
interface Ended extends CliResult {
  readonly calls: number;
  /** Whether it was over in time. */
  readonly inTime: boolean;
}

async function run(row: Row, world: World, words: readonly string[]): Promise<Ended> {
  const started = Date.now();
  const result = await runCli([...words, ...sessionWords(world)], environmentOf(row, world));
  const inTime = Date.now() - started < TOTAL_SECONDS * 1000;
  return { ...result, calls: world.calls(), inTime };
}

/** A failure as the row says, with nothing but one line on stderr. */
const failure = (row: Row): Ended => ({
  code: 1,
  stdout: "",
  stderr: expect.toSatisfy((text: string) => row.message.test(text) && /^ra-signer: [^\n]*\n$/.test(text)),
  calls: row.calls,
  inTime: true,
});

describe.concurrent("the provider meets", () => {
  it.each(each)("%s", async (_title, row) => {
    await using world = await spoiltWorld(row);
    const shiftMs = (row.clockShiftSeconds ?? 0) * 1000;
    const provider = fromRolesAnywhere({
      certificate: world.certificate,
      privateKey: world.privateKey,
      ...ARNS,
      endpoint: world.url,
      environment: {},
      ...(row.title === "hang" ? { attemptTimeoutMs: 3000 } : {}),
      now: () => new Date(Date.now() + shiftMs),
    });
    const started = Date.now();
    await expect(provider()).rejects.toMatchObject({
      code: row.code,
      message: expect.stringMatching(row.message),
      ...(row.calls > 1 ? { attempts: row.calls } : {}),
    });
    expect(world.calls()).toBe(row.calls);
    expect(Date.now() - started).toBeLessThan(20_000);
  });

  it.each(["throttle", "internal-error", "unavailable", "drop", "truncate", "delay"] as const)(
    "%s twice and then succeeds",
    async (kind) => {
      await using world = await startWorld();
      await world.fail(kind, 2);
      const provider = fromRolesAnywhere({
        certificate: world.certificate,
        privateKey: world.privateKey,
        ...ARNS,
        endpoint: world.url,
        environment: {},
        ...(kind === "delay" ? { attemptTimeoutMs: 2000 } : {}),
      });
      const { accessKeyId } = await provider();
      expect(world.granted).toMatchObject([{ accessKeyId }]);
      expect(world.calls()).toBe(3);
    },
  );
});

describe.concurrent("credential-process meets", () => {
  it.each(each)("%s", async (_title, row) => {
    await using world = await spoiltWorld(row);
    expect(await run(row, world, ["credential-process"])).toEqual(failure(row));
  });
});

describe.concurrent("credential-process --cache meets", () => {
  it.each(each)("%s, with nothing kept", async (_title, row) => {
    await using world = await spoiltWorld(row);
    expect(await run(row, world, ["credential-process", "--cache"])).toEqual(failure(row));
  });

  it.each(each)("%s, with a session that lives", async (_title, row) => {
    await using world = await startWorld();
    const words = ["credential-process", "--cache"];
    const good = await run({ ...row, clockShiftSeconds: 0 }, world, words);
    expect(good.code).toBe(0);
    // The session is no longer fresh, and is good for ten minutes more by whichever clock.
    rewriteEntry(world, Date.now() / 1000 + (row.clockShiftSeconds ?? 0) + 600);
    await row.spoil(world);
    if (row.durationSeconds !== undefined) world.setDuration(row.durationSeconds);

    const calls = 1 + row.calls;
    const lastSession = {
      ...good,
      calls,
      stderr: expect.toSatisfy(
        (text: string) =>
          text.startsWith("ra-signer: warning: the last session is used until its end: ") &&
          row.message.test(text),
      ),
    };
    expect(await run(row, world, words)).toEqual(row.isTransient ? lastSession : { ...failure(row), calls });
    // A service that was down is left alone for a while, one that refuses is asked each time.
    const more = { ...failure(row), calls: calls + row.calls };
    expect(await run(row, world, words)).toEqual(row.isTransient ? lastSession : more);
  });

  it.each(each)("%s, with a session that has ended", async (_title, row) => {
    await using world = await startWorld();
    const words = ["credential-process", "--cache"];
    await run({ ...row, clockShiftSeconds: 0 }, world, words);
    rewriteEntry(world, Date.now() / 1000 + (row.clockShiftSeconds ?? 0) - 1);
    await row.spoil(world);
    if (row.durationSeconds !== undefined) world.setDuration(row.durationSeconds);
    expect(await run(row, world, words)).toEqual({ ...failure(row), calls: 1 + row.calls });
  });
});

/** Makes the one entry of the cache stale, with another end. */
function rewriteEntry(world: World, expirationSeconds: number): void {
  const [name = ""] = readdirSync(world.path("cache"));
  const path = world.path("cache", name);
  const lines = readFileSync(path, "utf8").split("\n");
  lines[1] = "1";
  lines[4] = String(Math.floor(expirationSeconds));
  writeFileSync(path, lines.join("\n"));
}

describe.concurrent("update meets", () => {
  it.each(
    each.flatMap(([title, row]) => [
      [title, [], row] as const,
      [`${title}, with --once`, ["--once"], row] as const,
    ]),
  )("%s", async (_title, more, row) => {
    await using world = await spoiltWorld(row);
    expect(await run(row, world, ["update", ...more])).toEqual(failure(row));
    expect(existsSync(world.path("credentials"))).toBe(false);
  });

  it("an outage beyond the end of its session", async () => {
    await using world = await startWorld({ durationSeconds: 21 });
    const running = startCli(world, ["update"]);
    await running.until(() => existsSync(world.path("credentials")));
    const before = readFileSync(world.path("credentials"), "utf8");
    await world.fail("malformed-json");
    await running.until(() => running.stderr().includes("warning: the credentials in"));
    expect(readFileSync(world.path("credentials"), "utf8")).toBe(before);
    const [session] = world.granted;
    const { code, stderr } = await running.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /next attempt at \S+: .*body is not JSON.*\nra-signer: unable .*body is not JSON/s,
    );
    // It gave up when the session ended, and not before.
    expect(Date.now() - (session?.endsAt ?? 0)).toBeGreaterThan(-1000);
    expect(Date.now() - (session?.endsAt ?? 0)).toBeLessThan(TOTAL_SECONDS * 1000);
  });
});

describe.concurrent("serve meets", () => {
  it.each(each)("%s", async (_title, row) => {
    await using world = await spoiltWorld(row);
    writeFileSync(world.path("token"), "secret", { mode: 0o600 });
    const words = ["serve", "--port", "0", "--container-token-file", world.path("token")];
    const running = startCli(world, words, environmentOf(row, world));
    await running.until(() =>
      /(TOKEN_FILE=[^]*FULL_URI|FULL_URI=[^]*TOKEN_FILE)=.*\n/.test(running.stderr()),
    );
    const started = Date.now();
    const [instance, container] = await Promise.all([askInstance(running), askContainer(running, "secret")]);
    expect(instance).toMatchObject({
      status: 503,
      body: { Code: "Failed", Message: expect.stringMatching(row.message) },
    });
    expect(container).toMatchObject({
      status: 503,
      body: { code: row.code, message: expect.stringMatching(row.message) },
    });
    expect(world.calls()).toBe(row.calls);
    expect((Date.now() - started) / 1000).toBeLessThan(TOTAL_SECONDS);
    await running.until(() =>
      /warning: there is no session to serve, next attempt at \S+: /.test(running.stderr()),
    );
    running.stop();
    expect((await running.ended).code).toBe(0);
  });

  it("an outage beyond the end of its session, and then recovers", async () => {
    await using world = await startWorld({ durationSeconds: 21 });
    const running = startCli(world, ["serve", "--port", "0"]);
    await running.until(() => /METADATA_SERVICE_ENDPOINT=.*\n/.test(running.stderr()));
    await running.until(() => world.granted.length === 1);
    await world.fail("malformed-json");
    const [session] = world.granted;
    expect(await askInstance(running)).toMatchObject({
      status: 200,
      body: { AccessKeyId: session?.accessKeyId },
    });
    await running.until(() => running.stderr().includes("the last session is served until"));
    expect(await askInstance(running)).toMatchObject({
      status: 200,
      body: { AccessKeyId: session?.accessKeyId },
    });
    await running.until(() => Date.now() > (session?.endsAt ?? 0));
    expect(await askInstance(running)).toMatchObject({ status: 503 });
    await world.recover();
    // It asks the service every five seconds at most while it has nothing.
    await running.until(() => Date.now() > (session?.endsAt ?? 0) + 6000);
    const { status, body } = await askInstance(running);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { AccessKeyId: world.granted[1]?.accessKeyId },
    });
    running.stop();
    expect((await running.ended).code).toBe(0);
  });
});

interface RunningCli {
  /** Everything written to stderr so far. */
  stderr(): string;
  /** Settles when a condition holds. */
  until(condition: () => boolean): Promise<void>;
  stop(): void;
  readonly ended: Promise<CliResult>;
}

/** Starts a command that runs until it is stopped. */
function startCli(
  world: World,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = { AWS_SHARED_CREDENTIALS_FILE: world.path("credentials") },
): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...words, ...sessionWords(world)], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const ended = new Promise<CliResult>((resolve) => {
    child.once("close", (code) => resolve({ ...output, code }));
  });
  return {
    stderr: () => output.stderr,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const timer = setInterval(() => {
          if (!condition() && child.exitCode === null) return;
          clearInterval(timer);
          if (condition()) resolve();
          else reject(new Error(`it ended too soon: ${output.stderr}`));
        }, 50);
      }),
    stop: () => void child.kill("SIGTERM"),
    ended,
  };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function askInstance(running: RunningCli): Promise<Reply> {
  const base = /AWS_EC2_METADATA_SERVICE_ENDPOINT=(\S+)/.exec(running.stderr())?.[1] ?? "";
  const token = await fetch(`${base}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "300" },
  });
  const answer = await fetch(`${base}/latest/meta-data/iam/security-credentials/Example`, {
    headers: { "x-aws-ec2-metadata-token": await token.text() },
  });
  return { status: answer.status, body: await answer.json() };
}

async function askContainer(running: RunningCli, token: string): Promise<Reply> {
  const url = /AWS_CONTAINER_CREDENTIALS_FULL_URI=(\S+)/.exec(running.stderr())?.[1] ?? "";
  const answer = await fetch(url, { headers: { Authorization: token } });
  return { status: answer.status, body: await answer.json() };
}
