import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Script } from "node:vm";

import { describe, expect, it } from "vitest";

import { temporaryFolder } from "@roles-anywhere/testing";
import { CREDENTIALS, startFakeService, success } from "./support/fake-service.ts";
import { MAIN } from "./support/run-cli.ts";
import { folderWithIdentity, sessionWords } from "./support/served.ts";

const run = promisify(execFile);
const keepCode = fileURLToPath(new URL("../scripts/keep-code.cjs", import.meta.url));

/**
 * A copy of the built command without compiled code: dist may be of another Node.js than this one.
 *
 * @returns The paths of the script, and of the code that `compile` makes under a umask.
 */
function copyCommand(folder: string): {
  script: string;
  codeFile: string;
  compile: (umask?: string) => Promise<unknown>;
} {
  cpSync(dirname(MAIN), folder, { recursive: true, filter: (name) => !name.includes(".cjs.") });
  const script = join(folder, "credential-process.cjs");
  const hash = createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 12);
  const words = [process.execPath, keepCode, script, hash, "credential-process", "--help"];
  return {
    script,
    codeFile: `${script}.${process.version}-${process.platform}-${process.arch}-${hash}`,
    compile: (umask = "022") => run("/bin/sh", ["-c", `umask ${umask}; exec "$@"`, "sh", ...words]),
  };
}

describe("the script of credential-process", () => {
  it("loads neither node:http nor node:https, which take longer than the exchange", () => {
    using folder = temporaryFolder();
    const { script } = copyCommand(folder.path);
    expect(readFileSync(script, "latin1").match(/node:https?\b/g)).toBeNull();
  });
});

describe("the compiled code of the build", () => {
  it("lies beside the script, and only its owner may change it", () => {
    const folder = dirname(MAIN);
    const names = readdirSync(folder).filter((name) => name.includes(".cjs.v"));
    const hash = createHash("sha256")
      .update(readFileSync(join(folder, "credential-process.cjs")))
      .digest("hex");
    expect(readFileSync(MAIN, "latin1")).toContain(`-${hash.slice(0, 12)}"`);
    // Turborepo leaves those of earlier builds beside it.
    expect(names.filter((name) => name.endsWith(`-${hash.slice(0, 12)}`))).not.toHaveLength(0);
    expect(new Set(names.map((name) => statSync(join(folder, name)).mode & 0o777))).toEqual(new Set([0o644]));
  });

  it("is taken by V8", async () => {
    using folder = temporaryFolder();
    const { script, codeFile, compile } = copyCommand(folder.path);
    await compile();
    const cachedData = readFileSync(codeFile);
    const compiled = new Script(readFileSync(script, "latin1"), { filename: script, cachedData });
    expect(compiled.cachedDataRejected).toBe(false);
  });

  it.each(["000", "022", "777"])("has mode 0644 under umask %s", async (umask) => {
    using folder = temporaryFolder();
    const { codeFile, compile } = copyCommand(folder.path);
    await compile(umask);
    expect(statSync(codeFile).mode & 0o777).toBe(0o644);
  });

  it.each<[string, (code: Buffer) => Buffer | undefined]>([
    ["as it is", (code) => code],
    ["missing", () => undefined],
    ["empty", () => Buffer.alloc(0)],
    ["cut short", (code) => code.subarray(0, 5000)],
    ["of another V8", (code) => Buffer.from(code.map((byte, index) => (index === 4 ? byte ^ 1 : byte)))],
    ["of another script", (code) => Buffer.from(code.map((byte, index) => (index === 8 ? byte ^ 1 : byte)))],
  ])("is no condition: %s, a session is given and nothing is written", async (_title, change) => {
    await using service = await startFakeService(success());
    using identity = folderWithIdentity();
    using folder = temporaryFolder();
    const { codeFile, compile } = copyCommand(folder.path);
    await compile();
    const code = change(readFileSync(codeFile));
    rmSync(codeFile);
    if (code !== undefined) writeFileSync(codeFile, code);
    const before = contents(folder.path);
    const words = ["credential-process", ...sessionWords(identity, service.url)];
    const { stdout, stderr } = await run(process.execPath, [folder.join("main.cjs"), ...words]);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ AccessKeyId: CREDENTIALS.accessKeyId });
    expect(contents(folder.path)).toEqual(before);
  });
});

function contents(folder: string): readonly [string, Buffer][] {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
}
