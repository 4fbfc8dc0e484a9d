import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, assert, beforeAll, describe, expect, it } from "vitest";
import { copyCheckout } from "../tools/workflows/copy-checkout.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SCOPE = "@roles-anywhere";

// What a team sees that takes this repository as a template: it renames a copy, and builds and checks the result. The
// installed packages of others are those of this clone; that the lock file fits the renamed manifests, npm says itself.
describe("a renamed copy of the repository", { timeout: 600_000 }, () => {
  let folder: string;
  let copy: string;
  let renamed: ReturnType<typeof run>;

  function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: copy,
      encoding: "utf8",
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
    return { status, output: `${stdout}${stderr}` };
  }
  const git = (...args: readonly string[]) =>
    run("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args]);

  /** Fills `node_modules` with links to what is installed here, and with links to the copy's own workspaces. */
  function install(scope: string): void {
    const modules = join(copy, "node_modules");
    rmSync(modules, { recursive: true, force: true });
    mkdirSync(join(modules, scope), { recursive: true });
    for (const name of readdirSync(join(ROOT, "node_modules")))
      if (name !== SCOPE && name !== ".package-lock.json")
        symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    for (const group of ["packages", "apps"])
      for (const name of readdirSync(join(copy, group)))
        if (existsSync(join(copy, group, name, "package.json")))
          symlinkSync(join(copy, group, name), join(modules, scope, name));
    // What npm notes about an installation.
    cpSync(join(copy, "package-lock.json"), join(modules, ".package-lock.json"));
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "renamed-"));
    copy = join(folder, "copy");
    copyCheckout(ROOT, copy);
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", "the template");
    install(SCOPE);
    renamed = run("./scripts/rename", ["--scope", "@acme", "--stack", "AcmeServers", "--app", "files-api"]);
    if (renamed.status !== 0) throw new Error(renamed.output);
    install("@acme");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("says what it did", () => {
    expect(renamed.output).toContain("scope      @roles-anywhere → @acme\n");
    expect(renamed.output).toContain("Next: ");
  });

  it("refuses to be renamed again, and changes nothing then", () => {
    git("add", "--all");
    git("commit", "--quiet", "--message", "renamed");
    expect(run("./scripts/rename", ["--scope", "@b", "--stack", "BServers"])).toMatchObject({
      status: 2,
      output: expect.stringContaining("has names of its own already"),
    });
    expect(git("status", "--porcelain").output).toBe("");
  });

  it("has a lock file that npm would write again as it is", () => {
    const before = readFileSync(join(copy, "package-lock.json"), "utf8");
    expect(before).toContain('"node_modules/@acme/pki"');
    expect(before).not.toContain(SCOPE);
    expect(run("npm", ["install", "--package-lock-only", "--offline", "--ignore-scripts"])).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(copy, "package-lock.json"), "utf8")).toBe(before);
  });

  it("is built, checked by the compilers and linted", () => {
    const tasks = ["build", "typecheck", "//#lint:root", "//#typecheck:root"];
    const built = run("node_modules/.bin/turbo", [
      "run",
      ...tasks,
      "--output-logs=errors-only",
      "--no-daemon",
    ]);
    assert.equal(built.status, 0, built.output);
  });

  it("passes the tests of the repository as a whole", () => {
    const tested = run("npm", ["run", "test:root"], { CI: "true" });
    assert.equal(tested.status, 0, tested.output);
  });

  it.each([
    ["packages/infra", []],
    ["packages/signer", ["src/aws-config", "src/cli/configure.test.ts"]],
  ])("passes unit tests of %s, which have the names of stack and scope", (workspace, files) => {
    const tested = run("npm", ["test", "-w", workspace, "--", ...files], { CI: "true" });
    assert.equal(tested.status, 0, tested.output);
  });

  it("deploys a stack of the new name by default", () => {
    const template = run("node", [
      "--input-type=module",
      "-e",
      `import { App } from "aws-cdk-lib";
       import { AcmeServers } from "@acme/infra";
       import { DEFAULT_STACK_NAME } from "./packages/infra/dist/deployment/read-stack-outputs.js";
       console.log(DEFAULT_STACK_NAME, AcmeServers.name, typeof App);`,
    ]);
    expect(template).toEqual({ status: 0, output: "AcmeServers AcmeServers function\n" });
  });
});
