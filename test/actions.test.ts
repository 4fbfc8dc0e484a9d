import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ACTIONS = join(ROOT, ".github/actions");
/** Other for each run, because some tests look for it in all processes of the machine. */
const madeUp = (bytes: number): string => randomBytes(bytes).toString("base64");
const KEY_LINE = madeUp(48);
const KEY = `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\n-----END PRIVATE KEY-----`;
const CERTIFICATE_LINE = madeUp(48);
const SECRET = madeUp(30);
const TOKEN = madeUp(99);
const CERTIFICATE = `-----BEGIN CERTIFICATE-----\n${CERTIFICATE_LINE}\n-----END CERTIFICATE-----`;
const ANCHOR = "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/a";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "actions-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const file = (name: string): string => join(folder, name);
const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), "utf8") : "");
/** The variables that a runner gives to every step. */
const runner = (): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: folder,
  RUNNER_TEMP: folder,
  GITHUB_ENV: file("env.txt"),
  GITHUB_OUTPUT: file("output.txt"),
  GITHUB_STATE: file("state.txt"),
});
function run(script: string, env: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8", env });
  return { status, lines: stdout.trim().split("\n"), stderr };
}

describe("the defaults of the actions", () => {
  it.each(["sandbox", "signer"])("install this release of the %s", (name) => {
    const action = name === "signer" ? "assume-role" : name;
    const { inputs } = z
      .object({ inputs: z.record(z.string(), z.object({ default: z.string().optional() })) })
      .parse(parse(readFileSync(join(ACTIONS, action, "action.yml"), "utf8")));
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")));
    expect(inputs[name]?.default).toBe(`@roles-anywhere/${name}@${version}`);
  });
});

describe("assume-role", () => {
  const script = join(ACTIONS, "assume-role/assume-role.mjs");
  /** A program in place of ra-signer, which keeps what it was given. */
  const signer = (answers: Readonly<Record<string, { stdout?: string; stderr?: string; code?: number }>>) => {
    const program = `
      const { appendFileSync, readFileSync } = require("node:fs");
      const words = process.argv.slice(2);
      const call = { words, stdin: readFileSync(0, "utf8"), env: process.env };
      appendFileSync(${JSON.stringify(file("calls.jsonl"))}, JSON.stringify(call) + "\\n");
      const { stdout = "", stderr = "", code = 0 } = ${JSON.stringify(answers)}[words[0]];
      process.stdout.write(stdout); process.stderr.write(stderr); process.exitCode = code;`;
    writeFileSync(file("signer.cjs"), program);
  };
  const inputs = (): Record<string, string> => ({
    ...runner(),
    "INPUT_PRIVATE-KEY": KEY,
    AWS_SECRET_ACCESS_KEY: "the-caller's",
    RA_CERTIFICATE: CERTIFICATE,
    RA_PRIVATE_KEY: KEY,
    RA_PRIVATE_KEY_PASSWORD: "",
    RA_CHAIN: "",
    RA_TRUST_ANCHOR_ARN: ANCHOR,
    RA_PROFILE_ARN: "arn:p",
    RA_ROLE_ARN: "arn:r",
    RA_REGION: "",
    RA_DURATION_SECONDS: "900",
    RA_SESSION_NAME: "",
    RA_ENDPOINT: "",
    RA_EXPORT: "environment",
    RA_PROFILE_NAME: "ci",
    RA_SIGNER: file("signer.cjs"),
  });
  const SESSION = {
    Version: 1,
    AccessKeyId: "ASIAEXAMPLE",
    SecretAccessKey: "secret-of-a-test",
    SessionToken: "token-of-a-test",
    Expiration: "2026-01-02T03:04:05Z",
    AccountId: "123456789012",
  };
  const granted = { "credential-process": { stdout: JSON.stringify(SESSION) } };
  const callSchema = z.object({
    words: z.array(z.string()),
    stdin: z.string(),
    env: z.record(z.string(), z.string()),
  });
  const calls = () =>
    read("calls.jsonl")
      .trim()
      .split("\n")
      .map((line) => callSchema.parse(JSON.parse(line)));

  it("gives the key to ra-signer on standard input alone, and nothing of the runner's", () => {
    signer(granted);
    expect(run(script, inputs())).toMatchObject({ status: 0, stderr: "" });
    const [call] = calls();
    expect(call?.words).toEqual([
      ...["credential-process", "--certificate", "env:RA_CERTIFICATE", "--private-key", "-"],
      ...["--trust-anchor-arn", ANCHOR, "--profile-arn", "arn:p", "--role-arn", "arn:r"],
      ...["--session-duration", "900"],
    ]);
    expect(call?.stdin).toBe(KEY);
    expect(call?.env["RA_CERTIFICATE"]).toBe(CERTIFICATE);
    expect(JSON.stringify(call?.env)).not.toContain(KEY_LINE);
    expect(Object.keys(call?.env ?? {}).filter((name) => /^(GITHUB_|INPUT_|AWS_)/.test(name))).toEqual([]);
  });

  it.each([
    [{ RA_REGION: "eu-west-1" }, ["--region", "eu-west-1"]],
    [{ RA_SESSION_NAME: "deploy" }, ["--role-session-name", "deploy"]],
    [{ RA_ENDPOINT: "http://127.0.0.1:1" }, ["--endpoint", "http://127.0.0.1:1"]],
    [{ RA_CHAIN: CERTIFICATE }, ["--intermediates", "env:RA_CHAIN"]],
    [{ RA_PRIVATE_KEY_PASSWORD: "x" }, ["--pkcs8-password-env", "RA_PRIVATE_KEY_PASSWORD"]],
  ])("passes %s on", (change, flags) => {
    signer(granted);
    run(script, { ...inputs(), ...change });
    expect(calls()[0]?.words.join(" ")).toContain(flags.join(" "));
  });

  it("masks the credentials before it exports them", () => {
    signer(granted);
    const { lines } = run(script, inputs());
    expect(lines).toEqual([
      "::add-mask::ASIAEXAMPLE",
      "::add-mask::secret-of-a-test",
      "::add-mask::token-of-a-test",
      "Credentials of arn:r until 2026-01-02T03:04:05Z",
    ]);
    expect(read("env.txt").trim().split("\n")).toEqual([
      "AWS_REGION=eu-central-1",
      "AWS_DEFAULT_REGION=eu-central-1",
      "AWS_ACCESS_KEY_ID=ASIAEXAMPLE",
      "AWS_SECRET_ACCESS_KEY=secret-of-a-test",
      "AWS_SESSION_TOKEN=token-of-a-test",
    ]);
    expect(read("output.txt")).toBe("expiration=2026-01-02T03:04:05Z\naccount-id=123456789012\n");
  });

  it("writes a profile that the user alone can read", () => {
    signer(granted);
    run(script, { ...inputs(), RA_EXPORT: "profile", RA_REGION: "eu-west-1" });
    const exported = Object.fromEntries(
      read("env.txt")
        .trim()
        .split("\n")
        .map((line) => line.split("=")),
    ) as unknown;
    const { AWS_SHARED_CREDENTIALS_FILE: path, ...others } = z.record(z.string(), z.string()).parse(exported);
    expect(others).toEqual({
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
      AWS_SESSION_TOKEN: "",
      AWS_PROFILE: "ci",
    });
    expect(statSync(path ?? "").mode & 0o777).toBe(0o600);
    expect(readFileSync(path ?? "", "utf8")).toBe(
      "[ci]\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = secret-of-a-test\naws_session_token = token-of-a-test\n",
    );
  });

  it("fails with what doctor finds, a line each, and exports nothing", () => {
    const findings = [
      { check: "profile ARN", status: "ok", message: "fine" },
      { check: "clock", status: "fail", message: "412 s\nbehind", remedy: "set the clock" },
      { check: "validity", status: "fail", message: "100% over" },
    ];
    signer({
      "credential-process": { code: 1, stderr: "ra-signer: refused\n" },
      doctor: { code: 1, stdout: JSON.stringify({ ok: false, findings }) },
    });
    expect(run(script, inputs())).toMatchObject({
      status: 1,
      lines: [
        "::error title=Roles Anywhere::clock: 412 s%0Abehind -> set the clock",
        "::error title=Roles Anywhere::validity: 100%25 over",
      ],
    });
    expect(calls()[1]).toMatchObject({ stdin: KEY });
    expect(calls()[1]?.words.slice(0, 2)).toEqual(["doctor", "--json"]);
    expect(read("env.txt")).toBe("");
  });

  it.each(["", '{"ok":true,"findings":[]}', "no JSON"])(
    "fails with the signer's own sentence when doctor says %j",
    (stdout) => {
      signer({ "credential-process": { code: 1, stderr: "ra-signer: refused\n" }, doctor: { stdout } });
      expect(run(script, inputs())).toMatchObject({
        status: 1,
        lines: ["::error title=Roles Anywhere::ra-signer: refused"],
      });
    },
  );

  it.each([
    ["RA_CERTIFICATE", "certificate"],
    ["RA_PRIVATE_KEY", "private-key"],
    ["RA_TRUST_ANCHOR_ARN", "trust-anchor-arn"],
    ["RA_PROFILE_ARN", "profile-arn"],
    ["RA_ROLE_ARN", "role-arn"],
  ])("refuses an empty %s", (variable, name) => {
    signer(granted);
    expect(run(script, { ...inputs(), [variable]: " " })).toMatchObject({
      status: 1,
      lines: [
        `::error title=Roles Anywhere::the input ${name} is empty; is the secret or variable set, and may this event and branch read it?`,
      ],
    });
    expect(read("calls.jsonl")).toBe("");
  });

  it("refuses another kind of export", () => {
    signer(granted);
    const { status, lines } = run(script, { ...inputs(), RA_EXPORT: "file" });
    expect({ status, lines }).toEqual({
      status: 1,
      lines: ['::error title=Roles Anywhere::the input export is "file"; use environment or profile'],
    });
  });
});

describe("the sandbox", () => {
  const start = join(ACTIONS, "sandbox/start.mjs");
  const stop = join(ACTIONS, "sandbox/stop.mjs");
  const inputs = (): Record<string, string> => ({
    ...runner(),
    INPUT_BACKEND: "auto",
    INPUT_REGION: "eu-west-1",
    "INPUT_ACCOUNT-ID": "123456789012",
    INPUT_SERVICES: "",
    "INPUT_ENFORCE-IAM": "false",
    "INPUT_TIMEOUT-SECONDS": "20",
    INPUT_SANDBOX: file("sandbox.mjs"),
  });
  const program = (text: string): void => writeFileSync(file("sandbox.mjs"), text);
  const READY = `
    import { writeFileSync } from "node:fs";
    writeFileSync(${"process.env.HOME"} + "/words.json", JSON.stringify(process.argv.slice(2)));
    console.error("Starting");
    console.log(JSON.stringify({ endpointUrl: "http://a", rolesAnywhereEndpoint: "http://b", region: "r", accountId: "1" }));
    process.on("SIGTERM", () => { console.error("Stopped"); process.exit(0); });
    setInterval(() => {}, 1000);`;
  const state = (): Record<string, string> =>
    Object.fromEntries(
      read("state.txt")
        .trim()
        .split("\n")
        .map((line) => [`STATE_${line.split("=")[0]}`, line.split("=")[1] ?? ""]),
    );

  it("runs in the background until the post step", () => {
    program(READY);
    const env = { ...inputs(), INPUT_SERVICES: "sqs", "INPUT_ENFORCE-IAM": "true" };
    expect(run(start, env)).toMatchObject({
      status: 0,
      lines: ["Starting", "AWS at http://a, Roles Anywhere at http://b"],
    });
    expect(read("output.txt")).toBe(
      "endpointUrl=http://a\nrolesAnywhereEndpoint=http://b\nregion=r\naccountId=1\n",
    );
    expect(JSON.parse(read("words.json"))).toEqual([
      ...["up", "--json", "--backend", "auto", "--region", "eu-west-1", "--account", "123456789012"],
      ...["--services", "sqs", "--enforce-iam"],
    ]);
    const pid = Number(state()["STATE_pid"]);
    expect(process.kill(pid, 0)).toBe(true);
    expect(run(stop, { ...runner(), ...state() })).toMatchObject({
      status: 0,
      lines: ["Starting", "Stopped"],
    });
    expect(() => process.kill(-pid, 0)).toThrow("ESRCH");
  });

  it.each([
    [
      "ends",
      'console.error("no Docker,\\n100% sure"); process.exit(1);',
      "the sandbox did not start (exit code 1): no Docker,%0A100%25 sure",
    ],
    [
      "is not ready in time",
      'console.error("waiting"); setInterval(() => {}, 1000);',
      "the sandbox was not ready after 2 seconds: waiting",
    ],
  ])("fails with its messages when it %s", (_title, text, message) => {
    program(text);
    expect(run(start, { ...inputs(), "INPUT_TIMEOUT-SECONDS": "2" })).toMatchObject({
      status: 1,
      lines: [`::error title=Roles Anywhere sandbox::${message}`],
    });
    run(stop, { ...runner(), ...state() });
  });

  it("stops nothing when nothing was started", () => {
    expect(run(stop, runner())).toMatchObject({ status: 0, lines: [""], stderr: "" });
  });
});

// It looks into /proc, which Linux has.
describe.skipIf(!existsSync("/proc/self/environ"))("the search for leaks", () => {
  const script = join(ROOT, "tools/workflows/in-job/find-leaks.ts");
  const job = (): Record<string, string> => ({
    ...runner(),
    GITHUB_WORKSPACE: file("workspace"),
    JOB_BEGAN: String(Math.floor(Date.now() / 1000)),
    PRIVATE_KEY: KEY,
    CERTIFICATE,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: TOKEN,
    NODE_NO_WARNINGS: "1",
  });
  beforeEach(() => mkdirSync(file("workspace/deep"), { recursive: true }));

  it("finds nothing where nothing is", () => {
    writeFileSync(file("workspace/deep/notes.txt"), "nothing");
    const { status, lines } = run(script, job());
    expect(status).toBe(0);
    expect(lines[0]).toMatch(
      /^nothing found in [1-9]\d* files and [1-9]\d* processes; secret of 40 characters, sha256 [0-9a-f]{64}$/,
    );
  });

  it.each([
    ["private key", KEY_LINE],
    ["certificate", CERTIFICATE_LINE],
    ["secret access key", SECRET],
    ["session token", TOKEN],
  ])("finds the %s in a file", (what, text) => {
    writeFileSync(file("workspace/deep/notes.txt"), `a ${text} b`);
    expect(run(script, job())).toMatchObject({
      status: 1,
      lines: [`::error::${what} in ${file("workspace/deep/notes.txt")}`],
    });
  });

  it.each([
    ["environ", [], { LEAKED: KEY }],
    ["cmdline", [KEY_LINE], {}],
  ])("finds the private key in the %s of another process", async (name, words, env) => {
    const program = "console.log(); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ["-e", program, ...words], { env: { ...runner(), ...env } });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const { status, lines } = run(script, job());
    child.kill("SIGKILL");
    expect({ status, lines }).toEqual({
      status: 1,
      lines: [`::error::private key in /proc/${child.pid}/${name}`],
    });
  });

  it.each(["PRIVATE_KEY", "CERTIFICATE", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "JOB_BEGAN"])(
    "fails when there is no %s to look for",
    (name) => {
      expect(run(script, { ...job(), [name]: "" }).status).toBe(1);
    },
  );
});
