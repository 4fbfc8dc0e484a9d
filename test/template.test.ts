import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KIT_ONLY } from "../tools/template/kit-only.ts";
import { readNames } from "../tools/template/names.ts";
import type { Names } from "../tools/template/names.ts";
import { planRename } from "../tools/template/plan.ts";
import { LEFT_OVER, replaceNames } from "../tools/template/replace-names.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const GOOD = ["--scope", "@acme", "--stack", "AcmeServers"];

/** The files that git tracks or would track. */
function repositoryFiles(): Map<string, Buffer> {
  const paths = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  }).split("\0");
  const files = new Map<string, Buffer>();
  for (const path of new Set(paths)) {
    if (path === "") continue;
    try {
      files.set(path, readFileSync(join(ROOT, path)));
    } catch {
      // Deleted, and not yet committed.
    }
  }
  return files;
}

function namesFor(...args: readonly string[]): Names {
  const names = readNames([...GOOD, ...args], []);
  if (names === undefined) throw new Error("no names");
  return names;
}

describe("the names that rename takes", () => {
  it.each([
    [GOOD, { scope: "@acme", stack: "AcmeServers", repository: "acme-servers", title: "Acme Servers" }],
    [["--scope=@a.b_c-1", "--stack=S3"], { scope: "@a.b_c-1", stack: "S3", repository: "s3", title: "S3" }],
    [["--stack", "ACMEHttp2Servers", "--scope", "@acme"], { repository: "acme-http2-servers" }],
    [[...GOOD, "--app", "files-api"], { app: "files-api" }],
    [[...GOOD, "--app", "nestjs-s3"], { app: "nestjs-s3" }],
  ])("%j", (args, names) => {
    expect(readNames(args, ["mock", "nestjs-s3"])).toMatchObject(names);
  });

  it.each([
    [[], "--scope is missing; see rename --help"],
    [["--scope", "@acme"], "--stack is missing; see rename --help"],
    [["--scope"], "--scope needs a value; see rename --help"],
    [["--scope=", "--stack", "AcmeServers"], "--scope needs a value; see rename --help"],
    [[...GOOD, "--scope", "@b"], "--scope is given twice; see rename --help"],
    [[...GOOD, "now"], 'unknown argument: "now"; see rename --help'],
    [[...GOOD, "--name=x"], 'unknown argument: "--name=x"; see rename --help'],
    ...["acme", "@", "@Acme", "@acme/app", "@-acme", "@acme kit", `@${"a".repeat(65)}`].map(
      (scope): [string[], string] => [
        ["--scope", scope, "--stack", "AcmeServers"],
        `--scope "${scope}" is no npm scope: write @ and then lower-case letters, digits, hyphens, as in @acme; see rename --help`,
      ],
    ),
    [
      ["--scope", "@acme\u001B[2J", "--stack", "AcmeServers"],
      String.raw`--scope "@acme\u001b[2J" is no npm scope`,
    ],
    [
      ["--scope", "@roles-anywhere", "--stack", "AcmeServers"],
      "--scope @roles-anywhere is the template's own: choose one that belongs to you; see rename --help",
    ],
    ...["acmeServers", "Acme-Servers", "Acme Servers", "2Acme", "Ácme"].map((stack): [string[], string] => [
      ["--scope", "@acme", "--stack", stack],
      `--stack "${stack}" is no name for a stack and its class: write a capital letter and then letters and digits, as in AcmeServers; see rename --help`,
    ]),
    [
      ["--scope", "@acme", "--stack", "RolesAnywhereStack"],
      "--stack RolesAnywhereStack is the template's own: choose another name; see rename --help",
    ],
    [
      ["--scope", "@acme", "--stack", `A${"a".repeat(32)}`],
      `has 33 characters with its words apart: 32 is the most, for names are made from it; see rename --help`,
    ],
    ...["FilesApi", "files/api", "../files", "files_api", "-files"].map((app): [string[], string] => [
      [...GOOD, "--app", app],
      `--app "${app}" is no name for a folder and a package: write lower-case letters, digits and hyphens, as in files-api; see rename --help`,
    ]),
    [
      [...GOOD, "--app", "mock"],
      "--app mock is the name of another workspace: choose another; see rename --help",
    ],
  ])("not %j", (args, message) => {
    expect(() => readNames(args, ["mock", "nestjs-s3"])).toThrow(message);
  });
});

describe("the renamed repository", () => {
  const files = repositoryFiles();
  const names = namesFor("--app", "files-api");
  const plan = planRename(files, names);

  // Whoever writes a name in a way that the rename does not find, sees it here.
  it("has none of the template's names in any file or path, in any spelling", () => {
    const left = [...plan.files].flatMap(([path, content]) => {
      const found = LEFT_OVER.exec(path) ?? LEFT_OVER.exec(content.toString("utf8"));
      return found === null ? [] : [`${path}: ${found[0]}`];
    });
    expect(left).toEqual([]);
  });

  it.each([
    "@roles-anywhere/pki",
    "node_modules/@roles-anywhere",
    "roles-anywhere-kit",
    "rolesAnywhereKit",
    "Roles Anywhere Kit",
    "RolesAnywhereStack",
    "rolesanywherestack-bucket",
    "roles-anywhere-stack.ts",
    "https://github.com/roles-anywhere/x",
  ])("would be found out by %s", (text) => {
    expect(LEFT_OVER.test(text)).toBe(true);
  });

  it.each([
    ["import {} from '@roles-anywhere/mock/testing'", "import {} from '@acme/mock/testing'"],
    ["roles-anywhere-signer-0.1.0.tgz", "acme-signer-0.1.0.tgz"],
    ["class RolesAnywhereStackProps", "class AcmeServersProps"],
    ["stacks/roles-anywhere-stack.ts", "stacks/acme-servers.ts"],
    ["rolesanywherestack-buckete75ea64c", "acmeservers-buckete75ea64c"],
    ["urn:roles-anywhere-kit:problem", "urn:acme-servers:problem"],
    [
      "https://github.com/roles-anywhere/roles-anywhere-kit/issues",
      "https://github.com/acme/acme-servers/issues",
    ],
    ["apps/nestjs-s3/dist/main.js", "apps/files-api/dist/main.js"],
    // What IAM Roles Anywhere is called, and the profile of the examples, are no names of this repository.
    ["RolesAnywhereRole from-roles-anywhere --profile roles-anywhere", undefined],
    ["@roles-anywhere-users", undefined],
  ])("says for %j", (text, replaced) => {
    expect(replaceNames(text, names)).toBe(replaced ?? text);
  });

  it("keeps the app's name when none is given", () => {
    expect(planRename(files, namesFor()).files.has("apps/nestjs-s3/package.json")).toBe(true);
    expect(plan.files.has("apps/files-api/package.json")).toBe(true);
  });

  it.each(KIT_ONLY.flatMap(({ what, paths }) => paths.map((path) => [path, what] as const)))(
    "has no %s (%s), which the template has",
    (path) => {
      const inside = (file: string): boolean =>
        file === path || file.startsWith(`${path.replace(/\/$/, "")}/`);
      expect([...files.keys()].some(inside)).toBe(true);
      expect([...plan.files.keys()].some(inside)).toBe(false);
    },
  );

  it.each(KIT_ONLY)("says on its page that it lacks: $what", ({ what, why }) => {
    const page = readFileSync(join(ROOT, "docs/template.md"), "utf8").replaceAll("`", "");
    expect(page).toContain(what);
    expect(page).toContain(why.replaceAll("`", ""));
  });

  it.each([
    ["--stack", "ExternalServer"],
    ["--stack", "Stack"],
    ["--stack", "Error"],
  ])("cannot have the name %s %s, which means something else", (option, value) => {
    const own = namesFor();
    expect(() => planRename(files, { ...own, [option.slice(2)]: value })).toThrow(
      new RegExp(`^${option} ${value} means something else in \\S+: choose another name$`),
    );
  });

  it("cannot have the scope of a dependency", () => {
    expect(() => planRename(files, { ...namesFor(), scope: "@nestjs" })).toThrow(
      /^--scope @nestjs is the scope of @nestjs\/\S+, which this depends on: choose another$/,
    );
  });
});

describe("./scripts/rename", () => {
  let folder: string;
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const run = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(join(folder, "scripts/rename"), args, { encoding: "utf8" });
    return { status, stdout, stderr };
  };

  // A small repository with this command: refusals come before anything else is needed.
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rename-"));
    for (const path of ["scripts", "tools/template"])
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    put("package.json", readFileSync(join(ROOT, "package.json"), "utf8"));
    put("packages/mock/package.json", "{}");
    put("src/word.ts", "class Other {}\n");
    git("init", "--quiet");
    git("add", "--all");
    git("commit", "--quiet", "--message", "all");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("shows its usage", () => {
    expect(run("--help")).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^Usage: rename /),
      stderr: "",
    });
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      "a wrong name",
      ["--scope", "acme", "--stack", "AcmeServers"],
      /^rename: --scope "acme" is no npm scope: .*\n$/,
    ],
    [
      "another workspace's name",
      [...GOOD, "--app", "mock"],
      /^rename: --app mock is the name of another workspace/,
    ],
    [
      "a name in use",
      ["--scope", "@acme", "--stack", "Other"],
      /^rename: --stack Other means something else in src\/word\.ts/,
    ],
  ])("refuses %s, and changes nothing", (_title, args, message) => {
    expect(run(...args)).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(message) });
    expect(git("status", "--porcelain")).toBe("");
  });

  it.each<[string, () => void, () => void, RegExp]>([
    [
      "a working tree with changes",
      () => put("new.txt", ""),
      () => rmSync(join(folder, "new.txt")),
      /^rename: the working tree has changes \("new\.txt"\); commit them first, .*\n$/,
    ],
    [
      "a folder without git",
      () => execFileSync("mv", [".git", "hidden"], { cwd: folder }),
      () => execFileSync("mv", ["hidden", ".git"], { cwd: folder }),
      /^rename: this is no git repository; run git init, .*\n$/,
    ],
    [
      "a second run",
      () => {
        git("mv", "tools/template", "tools/other");
        git("commit", "--quiet", "--message", "renamed");
      },
      () => git("reset", "--quiet", "--hard", "HEAD~"),
      /^rename: this repository has names of its own already; .*\n$/,
    ],
    [
      "a repository of another name",
      () => {
        put("package.json", '{ "name": "acme-servers", "type": "module" }');
        git("commit", "--quiet", "--all", "--message", "renamed");
      },
      () => git("reset", "--quiet", "--hard", "HEAD~"),
      /^rename: this repository has names of its own already; .*\n$/,
    ],
  ])("refuses %s", (_title, before, after, message) => {
    before();
    try {
      expect(run(...GOOD)).toEqual({ status: 2, stdout: "", stderr: expect.stringMatching(message) });
    } finally {
      after();
    }
  });
});
