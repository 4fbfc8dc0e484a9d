import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";

/** Docker's rules for `.dockerignore`. Its types describe an ES module, and it is none. */
const dockerignore: () => { add(rules: string): { ignores(path: string): boolean } } = createRequire(
  import.meta.url,
)("@balena/dockerignore");

const git = async (...gitArguments: string[]): Promise<string[]> => {
  const { stdout } = await promisify(execFile)("git", ["-C", REPOSITORY_ROOT, ...gitArguments]).catch(
    // `git check-ignore` exits with 1 when nothing is ignored.
    (error: { stdout: string }) => error,
  );
  return stdout.split("\n").filter((line) => line !== "");
};

/** What people who follow the READMEs have in the clone, and nobody else may get. */
const secrets = [
  "pki/rootCA.key",
  "pki/rootCA.pem",
  "packages/infra/pki/rootCA.key",
  "packages/infra/pki/nestjs-external-server.pem",
  "apps/nestjs-s3/pki/rootCA.key",
  "packages/pki/pki/rootCA.key",
  "packages/infra/pki/rootCA.srl",
  "packages/pki/pki/rootCA.srl",
  "client.key",
  "packages/e2e/server.key",
  "apps/nestjs-s3/client.p12",
  "identity.pfx",
  ".env",
  ".env.local",
  "apps/nestjs-s3/.env",
  "apps/nestjs-s3/.env.production",
];

describe("keys, certificates and passwords in the clone", () => {
  it.each(secrets)("%s cannot be committed by accident", async (path) => {
    expect(await git("check-ignore", "--no-index", path)).toEqual([path]);
  });

  it.each(secrets)("%s does not get into an image", async (path) => {
    const rules = await readFile(join(REPOSITORY_ROOT, ".dockerignore"), "utf8");
    expect(dockerignore().add(rules).ignores(path)).toBe(true);
  });

  it("the rules hide no file that is committed", async () => {
    expect(await git("ls-files", "--cached", "--ignored", "--exclude-standard")).toEqual([]);
  });

  it.each([
    "packages/pki/package.json",
    "packages/pki/src/index.ts",
    "packages/e2e/src/story/create-pki.ts",
    // The build of the signer needs it.
    "packages/testing/test-vectors/createsession-ecdsa.json",
  ])("%s is no secret", async (path) => {
    const rules = await readFile(join(REPOSITORY_ROOT, ".dockerignore"), "utf8");
    expect(await git("check-ignore", "--no-index", path)).toEqual([]);
    expect(dockerignore().add(rules).ignores(path)).toBe(false);
  });
});
