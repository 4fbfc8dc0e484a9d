import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const keepCode = join(root, "../signer/scripts/keep-code.cjs");
const built = join(root, "dist/cli");
const EC = ["--key-type", "ec-p256"];

/** What the launcher expects the names of compiled code to end with. */
const hash = /-([\da-f]{12})`/.exec(readFileSync(join(built, "main.cjs"), "utf8"))?.[1] ?? "";

/** A copy of the command, with code that this Node.js has compiled: dist may be of another one. */
function copyCommand() {
  const folder = temporaryDirectory();
  for (const name of ["bin", "package.json"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const scripts = join(folder, "dist/cli");
  cpSync(built, scripts, { recursive: true, filter: (name) => !name.includes(".cjs.") });
  const script = join(scripts, "init-and-issue.cjs");
  execFileSync(process.execPath, [keepCode, script, hash, "init", "--dir", join(folder, "first"), ...EC], {
    stdio: "ignore",
  });
  const codeFile = `${script}.${process.version}-${process.platform}-${process.arch}-${hash}`;
  return { folder, scripts, script, codeFile };
}

const contents = (folder: string): readonly [string, Buffer][] =>
  readdirSync(folder)
    .filter((name) => name.includes(".cjs"))
    .map((name) => [name, readFileSync(join(folder, name))]);

describe("the compiled code of the build", () => {
  it("lies beside both scripts, and only its owner may change it", () => {
    const names = readdirSync(built).filter((name) => name.endsWith(`-${hash}`));
    expect(new Set(names.map((name) => name.replace(/\.cjs\.v.*/, "")))).toEqual(
      new Set(["commands", "init-and-issue"]),
    );
    expect(new Set(names.map((name) => statSync(join(built, name)).mode & 0o777))).toEqual(new Set([0o644]));
  });

  it("is taken by V8", () => {
    const { script, codeFile } = copyCommand();
    const cachedData = readFileSync(codeFile);
    const compiled = new Script(readFileSync(script, "latin1"), { filename: script, cachedData });
    expect(compiled.cachedDataRejected).toBe(false);
  });

  it.each<[string, (code: Buffer) => Buffer | undefined]>([
    ["as it is", (code) => code],
    ["missing", () => undefined],
    ["empty", () => Buffer.alloc(0)],
    ["cut short", (code) => code.subarray(0, 5000)],
    ["of another V8", (code) => Buffer.from(code.map((octet, index) => (index === 4 ? octet ^ 1 : octet)))],
    [
      "of another script",
      (code) => Buffer.from(code.map((octet, index) => (index === 8 ? octet ^ 1 : octet))),
    ],
  ])("is no condition: %s, a CA is made and nothing is written beside the script", (_title, change) => {
    const { folder, scripts, codeFile } = copyCommand();
    const code = change(readFileSync(codeFile));
    rmSync(codeFile);
    if (code !== undefined) writeFileSync(codeFile, code);
    const before = contents(scripts);
    const directory = join(folder, "second");
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(folder, "bin/ra-pki.js"), "init", "--dir", directory, ...EC],
      { encoding: "utf8" },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining("Made the root CA") });
    expect(existsSync(join(directory, "rootCA.key"))).toBe(true);
    expect(contents(scripts)).toEqual(before);
  });
});
