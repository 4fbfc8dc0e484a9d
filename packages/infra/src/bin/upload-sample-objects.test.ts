import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { startObjectStore } from "../../test/support/object-store.ts";

const program = fileURLToPath(new URL("../../dist/bin/upload-sample-objects.js", import.meta.url));
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "infra-upload-"));
afterAll(() => rmSync(folder, { recursive: true }));

const outputsFile = join(folder, "cdk-outputs.json");
writeFileSync(
  outputsFile,
  JSON.stringify({
    Mine: {
      TrustAnchorArn:
        "arn:aws:rolesanywhere:eu-west-1:000000000000:trust-anchor/3f9d2a8c-0e7b-4c55-9d1f-6b1f2f6f0a11",
      ProfileArn: "arn:aws:rolesanywhere:eu-west-1:000000000000:profile/a1c4f1de-3a52-4e0a-8c1c-0c2d7e6b9f22",
      RoleArn: "arn:aws:iam::000000000000:role/Mine",
      BucketName: "documents",
    },
  }),
);

/** Runs the built program as the deployer would, with a key of its own and the endpoint given. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", ...environment };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], { env });
    return { status: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = Object(error);
    return { status: code, stdout, stderr };
  }
}

describe("upload-sample-objects", () => {
  it("uploads into the stack's bucket, path-style, at the endpoint of the environment", async () => {
    await using store = await startObjectStore();
    const { status, stdout } = await run(["--outputs", outputsFile, "--stack", "Mine"], {
      AWS_ENDPOINT_URL: store.endpointUrl,
    });
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(/^s3:\/\/documents\/shipments\.json\t\d+\tuploaded$/),
      expect.stringMatching(/^s3:\/\/documents\/trust\.svg\t\d+\tuploaded$/),
      expect.stringMatching(/^s3:\/\/documents\/welcome\.txt\t\d+\tuploaded$/),
      "",
    ]);
    expect([...store.objects.keys()]).toHaveLength(3);
  });

  it("fails in one line, without data on stdout, when the stack is not in the file", async () => {
    expect(await run(["--outputs", outputsFile])).toEqual({
      status: 1,
      stdout: "",
      stderr: `upload-sample-objects: ${outputsFile} has no outputs of stack RolesAnywhereStack, only of Mine; name the stack you deployed.\n`,
    });
  });

  it("shows examples when called bare, and the options with --help", async () => {
    const bare = await run([]);
    expect(bare).toMatchObject({ status: 0, stderr: "" });
    expect(bare.stdout).toContain("--outputs cdk-outputs.json --stack MyStack");
    const help = await run(["--help"]);
    expect(help.stdout.replaceAll(/ +/g, " ")).toContain(
      '--stack <name> the stack in that file (default: "RolesAnywhereStack")',
    );
    expect(help.stdout).toContain(
      "Example:\n  upload-sample-objects --outputs cdk-outputs.json --stack MyStack\n",
    );
    const version = await run(["--version"]);
    expect(version).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it.each([
    ["an unknown option", ["--outputs", "x", "--bucket", "b"], "unknown option '--bucket'"],
    ["no outputs file", ["--stack", "Mine"], "required option '--outputs <file>' not specified"],
    ["an option without its value", ["--outputs"], "argument missing"],
  ])("answers %s as wrong usage", async (_, args, message) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^upload-sample-objects: [^\n]*\n$/);
  });

  it("shows control characters of a stack's name as escapes", async () => {
    const { stderr } = await run(["--outputs", outputsFile, "--stack", "\u001B[2J"]);
    expect(stderr).toContain("no outputs of stack \\u{1b}[2J");
  });
});

describe("a Node.js that is too old", () => {
  it.each([
    ["20.19.0", "upload-sample-objects.js"],
    ["22.21.0", "upload-sample-objects.js"],
    ["23.11.0", "infra.js"],
  ])("is named in one sentence: %s, %s", async (version, name) => {
    // The check runs before all other modules, so a changed version stands for an older Node.js.
    const preload = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;
    const outcome = promisify(execFile)(process.execPath, [
      "--import",
      preload,
      join(dirname(program), name),
    ]);
    await expect(outcome).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: `${basename(name, ".js")}: this is Node.js ${version}; install Node.js 22.22 or later of that line, or 24 or later\n`,
    });
  });
});
