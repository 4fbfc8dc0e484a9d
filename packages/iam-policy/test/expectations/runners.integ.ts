import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "iam-policy-runners-"));

/** An empty project that installs the packed package and other people's test runners. */
beforeAll(() => {
  const npm = (cwd: string, ...args: readonly string[]): string =>
    execFileSync("npm", args, { cwd, encoding: "utf8" });
  const [{ filename }] = JSON.parse(npm(packageFolder, "pack", "--json", "--pack-destination", project));
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(
    project,
    "install",
    "--no-audit",
    "--no-fund",
    "--loglevel",
    "error",
    join(project, filename),
    "jest@30",
    "vitest",
  );
  copyFileSync(
    fileURLToPath(new URL("reports.template.json", import.meta.url)),
    join(project, "template.json"),
  );
});
afterAll(() => rmSync(project, { recursive: true }));

/** One test that holds and one that does not, in the way of a runner. */
function testFile(imports: string): string {
  return `
import { readFileSync } from "node:fs";
${imports}
import { arnOf, expectPermissions } from "@roles-anywhere/iam-policy/testing";

const reader = () => expectPermissions(JSON.parse(readFileSync("template.json", "utf8")), "ReaderRole");

test("holds", () => {
  reader().toAllow("s3:GetObject", arnOf("Bucket", "/a.csv")).toTrust({ subject: { CN: "server-a" } });
});
test("does not hold", () => {
  reader().toDeny("s3:PutObject", arnOf("Bucket", "/a.csv")).toAllow("s3:DeleteObject", arnOf("Bucket", "/a.csv"));
});
test("does not hold either", () => {
  reader().toTrust({ subject: { CN: "server-b" } });
});
`;
}

const bin = (name: string): string => join("node_modules", name, "bin", `${name}.js`);

describe("in an empty project", () => {
  it.each([
    {
      runner: "node:test",
      imports: 'import { test } from "node:test";',
      file: "node.mjs",
      command: ["--test", "node.mjs"],
    },
    {
      runner: "vitest",
      imports: 'import { test } from "vitest";',
      file: "v.test.mjs",
      command: [join("node_modules", "vitest", "vitest.mjs"), "run"],
    },
    // Jest loads ECMAScript modules with this flag of Node.js only.
    {
      runner: "Jest",
      imports: "",
      file: "j.jest.mjs",
      command: ["--experimental-vm-modules", bin("jest"), "--testMatch", "**/*.jest.mjs"],
    },
  ])("$runner passes what holds, and prints why the rest does not", ({ imports, file, command }) => {
    writeFileSync(join(project, file), testFile(imports));
    const env = { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1" };
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: project,
      encoding: "utf8",
      env,
    });
    const output = stdout + stderr;
    expect({ status, output }).toMatchObject({ status: 1 });
    expect(output).toMatch(/(?:pass 1\b|1 passed)/u);
    expect(output).toMatch(/(?:fail 2\b|2 failed)/u);
    expect(output).toContain(
      "expected role ReaderRole7A2A3899 to allow s3:DeleteObject on arn:aws:s3:::bucket83908e77/a.csv, but identity policy: no statement allows s3:DeleteObject",
    );
    expect(output).toContain('identity policy "ReaderRoleDefaultPolicyF6E6E9FD": does not allow it');
    expect(output).toContain("expected server-a and the request has server-b");
    expect(output).toContain(file);
  });
});
