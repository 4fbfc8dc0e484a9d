import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script on a machine that has the given commands and nothing else. */
async function run(script: string, scriptArguments: readonly string[], folder: string): Promise<Result> {
  const env = { PATH: join(folder, "bin"), HOME: folder, RA_CACHE_DIR: join(folder, "cache") };
  return await new Promise((resolve) => {
    const file = join(REPOSITORY_ROOT, "scripts", script);
    const child = execFile(file, scriptArguments, { env }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

/** A folder `bin` with links to those of the commands that this machine has. */
async function machineWith(commands: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "machine-"));
  await mkdir(join(folder, "bin"));
  for (const command of commands) await symlink(await find(command), join(folder, "bin", command));
  return folder;
}

async function find(command: string): Promise<string> {
  if (command === "node") return process.execPath;
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, command);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  throw new Error(`this machine has no ${command}`);
}

const posix = ["sh", "env", "sed", "dirname", "basename", "uname", "cmp", "cp", "cat", "mkdir"];

describe("the scripts on a machine that lacks something", { timeout: 120_000 }, () => {
  const folders: string[] = [];
  const machine = async (...commands: string[]): Promise<string> => {
    const folder = await machineWith([...posix, ...commands]);
    folders.push(folder);
    return folder;
  };
  let bare: string;
  beforeAll(async () => {
    bare = await machine();
  });
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  it.each(["demo", "test"])("%s says in one sentence that Node is missing", async (script) => {
    expect(await run(script, [], bare)).toEqual({
      code: 1,
      stdout: "",
      stderr: `${script}: Node.js and npm are needed to begin with: install Node.js 24 from https://nodejs.org/ and run this again.\n`,
    });
  });

  it("the demo says in one sentence that there is neither Docker nor Python", async () => {
    const { code, stderr } = await run("demo", [], await machine("node", "npm", "git"));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^demo: LocalStack needs Docker or Python 3\.13, and neither is here .*: install Docker .*\n$/,
    );
  });

  it.each([
    {
      script: "demo",
      arguments: ["--backend", "podman"],
      message: '--backend is auto, docker, process or aws, not "podman"',
    },
    {
      script: "test",
      arguments: ["--backend", "aws"],
      message: '--backend is auto, docker or process, not "aws"',
    },
    { script: "demo", arguments: ["--account"], message: "--account needs a value" },
    { script: "demo", arguments: ["--destroy="], message: "--destroy needs a value" },
    { script: "demo", arguments: ["--yes=no"], message: "unknown argument: --yes=no" },
    { script: "demo", arguments: ["--backend"], message: "--backend needs a value" },
    { script: "demo", arguments: ["--e2e-only"], message: "unknown argument: --e2e-only" },
    { script: "demo", arguments: ["--report"], message: "--report needs a value" },
    { script: "demo", arguments: ["--report="], message: "--report needs a value" },
    { script: "test", arguments: ["--report", "x"], message: "unknown argument: --report" },
    { script: "test", arguments: ["--keep"], message: "unknown argument: --keep" },
  ])("$script $arguments is wrong usage", async ({ script, arguments: scriptArguments, message }) => {
    const { code, stderr } = await run(script, scriptArguments, bare);
    expect(code).toBe(2);
    expect(stderr.split("\n")[0]).toBe(`${script}: ${message}`);
    expect(stderr).toContain(`usage: ./scripts/${script} `);
  });
});

describe("count-results", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "results-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function workspace(
    name: string,
    passed: number | undefined,
    scripts: { test?: string | undefined } = { test: "vitest run" },
  ): Promise<void> {
    const directory = join(folder, "packages", name);
    await mkdir(join(directory, "reports"), { recursive: true });
    await writeFile(join(directory, "package.json"), JSON.stringify({ scripts }));
    if (passed === undefined) return;
    const report = { numPassedTests: passed, numFailedTests: 0, numPendingTests: 0, testResults: [] };
    await writeFile(join(directory, "reports", "vitest.json"), JSON.stringify(report));
  }
  const count = async (steps: string): Promise<{ code: number | null; lines: string[] }> =>
    await new Promise((resolve) => {
      const script = join(REPOSITORY_ROOT, ".ci", "count-results.mjs");
      const child = execFile(process.execPath, [script, "logs", steps], { cwd: folder }, (_error, stdout) => {
        resolve({ code: child.exitCode, lines: stdout.trim().split("\n") });
      });
    });

  it("adds up the reports of all workspaces, and fails for one with tests and no report", async () => {
    await workspace("one", 2);
    await workspace("two", 3);
    await workspace("without-tests", undefined, { test: undefined });
    expect(await count("passed passed")).toEqual({ code: 0, lines: ["5 passed, 0 failed"] });
    await workspace("three", undefined);
    expect(await count("passed passed")).toEqual({
      code: 1,
      lines: ["packages/three has tests, but no report", "5 passed, 1 failed"],
    });
  });

  it("counts the tests of the root, which are about the repository as a whole", async () => {
    await workspace("three", 1);
    await workspace("..", 4);
    expect(await count("passed")).toEqual({ code: 0, lines: ["10 passed, 0 failed"] });
    await rm(join(folder, "package.json"));
    await rm(join(folder, "reports"), { recursive: true });
  });

  it("counts a step that failed without a failed test", async () => {
    await workspace("three", 1);
    expect(await count("passed failed")).toEqual({
      code: 1,
      lines: ["1 steps failed; the logs are in logs", "6 passed, 1 failed"],
    });
  });

  it("counts the reports that jobs of the workflows uploaded, and the checks of docker compose", async () => {
    await workspace("three", 1);
    const artifacts = join(folder, "logs", "artifacts");
    const reports = join(artifacts, "test-reports-docker", "packages", "e2e", "reports");
    await mkdir(reports, { recursive: true });
    const report = { numPassedTests: 7, numFailedTests: 1, numPendingTests: 0, testResults: [] };
    await writeFile(join(reports, "vitest.e2e.json"), JSON.stringify(report));
    await mkdir(join(artifacts, "test-reports-compose"));
    await writeFile(
      join(artifacts, "test-reports-compose", "compose.log"),
      "ok      x\n9 passed, 0 failed\n",
    );
    expect(await count("passed")).toEqual({ code: 1, lines: ["22 passed, 1 failed"] });
    await rm(join(folder, "logs"), { recursive: true });
  });
});
