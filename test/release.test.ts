import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publishedPackages } from "../tools/packages/published-packages.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "release-"));
  cpSync(join(ROOT, "tools", "packages"), join(repository, "tools", "packages"), { recursive: true });
  write(".changeset/config.json", "{}");
  for (const name of ["mock", "signer"]) writeManifest(name, {});
  write("packages/private/package.json", JSON.stringify({ private: true }));
});
afterEach(() => rmSync(repository, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}

function writeManifest(name: string, changes: object): void {
  const url = "git+https://github.com/example/kit.git";
  const manifest = { name: `@roles-anywhere/${name}`, version: "1.2.3", repository: { url }, ...changes };
  write(`packages/${name}/package.json`, JSON.stringify(manifest));
}

function run(script: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("tools/packages", script)], {
    cwd: repository,
    encoding: "utf8",
    env: { GITHUB_REPOSITORY: "example/kit" },
  });
  return { status, stdout, stderr };
}

describe("a release", () => {
  it("is of one version, which the check prints for the images", () => {
    expect(run("check-release.mjs")).toEqual({ status: 0, stdout: "version=1.2.3\n", stderr: "" });
  });

  it.each([
    {
      title: "a package has another version",
      change: () => writeManifest("mock", { version: "1.2.2" }),
      message: "the packages have the versions 1.2.2, 1.2.3; run: npm run version-packages",
    },
    {
      title: "a package names another repository",
      change: () => writeManifest("mock", { repository: { url: "git+https://github.com/example/fork.git" } }),
      message:
        "@roles-anywhere/mock names the repository example/fork, and this is example/kit; change package.json",
    },
    {
      title: "a changeset waits",
      change: () => write(".changeset/new-option.md", ""),
      message: "these changesets are in no version yet: new-option.md; run: npm run version-packages",
    },
  ])("is refused when $title", ({ change, message }) => {
    change();
    expect(run("check-release.mjs")).toEqual({
      status: 1,
      stdout: "",
      stderr: `check-release: ${message}\n`,
    });
  });
});

describe("the versions in sources", () => {
  it("are those of package.json", () => {
    write("packages/mock/src/cli/arguments.ts", 'before\nexport const VERSION = "0.0.1";\nafter\n');
    write("packages/signer/src/version.ts", 'export const VERSION = "0.0.1";\n');
    expect(run("set-versions.mjs")).toMatchObject({ status: 0, stderr: "" });
    const read = (path: string) => readFileSync(join(repository, path), "utf8");
    expect(read("packages/mock/src/cli/arguments.ts")).toBe(
      'before\nexport const VERSION = "1.2.3";\nafter\n',
    );
    expect(read("packages/signer/src/version.ts")).toBe('export const VERSION = "1.2.3";\n');
  });

  it("are not looked for in vain", () => {
    write("packages/mock/src/cli/arguments.ts", "no version\n");
    expect(run("set-versions.mjs").stderr).toContain('has no line: export const VERSION = "…";');
  });
});

describe("changesets", () => {
  const config = JSON.parse(readFileSync(join(ROOT, ".changeset", "config.json"), "utf8"));
  const names = publishedPackages().map(({ name }) => name);

  it("give one version to all packages that are published", () => {
    expect(config.fixed).toEqual([names]);
  });

  it("name published packages alone", () => {
    for (const file of readdirSync(join(ROOT, ".changeset")).filter((name) => name.endsWith(".md"))) {
      const [, header = ""] = /^---\n([\s\S]*?)---\n/.exec(
        readFileSync(join(ROOT, ".changeset", file), "utf8"),
      ) ?? [""];
      const named = [...header.matchAll(/^"([^"]+)": (?:patch|minor|major)$/gm)].map(([, name]) => name);
      expect(named.length).toBeGreaterThan(0);
      expect(names).toEqual(expect.arrayContaining(named));
    }
  });
});

describe("the workflow of a release", () => {
  const workflow = readFileSync(join(ROOT, ".github", "workflows", "release.yml"), "utf8");

  it("needs no stored secret", () => {
    expect(workflow).not.toMatch(/secrets\.|_TOKEN|_authToken/);
  });

  it("uses actions of this repository, and others by commit with their version", () => {
    const uses = [...workflow.matchAll(/uses: (.+)$/gm)].map(([, value = ""]) => value);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((value) => !/^(?:\.\/|\S+@[\da-f]{40} # v\d)/.test(value))).toEqual([]);
  });

  it("builds every image of the Dockerfile", () => {
    const images = [
      ...readFileSync(join(ROOT, "Dockerfile"), "utf8").matchAll(/^# +docker build --target (\S+)/gm),
    ];
    const [, matrix = ""] = /image: \[(.+)\]/.exec(workflow) ?? [];
    expect(matrix.split(", ")).toEqual(images.map(([, target]) => target));
  });
});
