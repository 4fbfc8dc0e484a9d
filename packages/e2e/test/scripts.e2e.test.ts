import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../src/story/programs.ts";

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script on a machine that has the given commands and nothing else. */
async function run(script: string, scriptArguments: readonly string[], folder: string): Promise<Result> {
  const env = { PATH: join(folder, "bin"), HOME: folder, RA_CACHE_DIR: join(folder, "cache") };
  return await new Promise((resolve) => {
    const file = join(repositoryRoot, "scripts", script);
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
      message: '--backend is auto, docker or process, not "podman"',
    },
    { script: "demo", arguments: ["--backend"], message: "--backend needs a value" },
    { script: "demo", arguments: ["--e2e-only"], message: "unknown argument: --e2e-only" },
    { script: "test", arguments: ["--keep"], message: "unknown argument: --keep" },
  ])("$script $arguments is wrong usage", async ({ script, arguments: scriptArguments, message }) => {
    const { code, stderr } = await run(script, scriptArguments, bare);
    expect(code).toBe(2);
    expect(stderr.split("\n")[0]).toBe(`${script}: ${message}`);
    expect(stderr).toContain(`usage: ./scripts/${script} `);
  });
});
