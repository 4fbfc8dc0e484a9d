import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CREDENTIALS, startFakeService, success } from "../src/testing/fake-service.ts";
import { temporaryFolder } from "../src/testing/openssl.ts";
import { readVector } from "../src/testing/vectors.ts";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const vector = readVector("ecdsa");

describe("the README", () => {
  it("has an example that runs as it stands", async () => {
    using folder = temporaryFolder();
    await using service = await startFakeService(success());
    writeFileSync(folder.join("client.pem"), vector.certificatePem);
    writeFileSync(folder.join("client.key"), vector.privateKeyPem);
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    const script = `${example}\nconsole.log((await s3.config.credentials()).accessKeyId);`
      .replace('"client.pem"', JSON.stringify(folder.join("client.pem")))
      .replace('"client.key"', JSON.stringify(folder.join("client.key")));
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
      cwd: packageFolder,
      env: { PATH: process.env["PATH"], AWS_ENDPOINT_URL_ROLESANYWHERE: service.url },
    });
    expect(stdout).toBe(`${CREDENTIALS.accessKeyId}\n`);
  });
});

describe("the packed package, installed into an empty project", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  const project = folder.join("project");
  const options = { cwd: project, env: { ...process.env, npm_config_offline: "true" } };

  beforeAll(async () => {
    mkdirSync(project);
    await run("npm", ["pack", "--silent", "--pack-destination", folder.path], { cwd: packageFolder });
    const tarball = readdirSync(folder.path).find((name) => name.endsWith(".tgz")) ?? "";
    writeFileSync(folder.join("project", "package.json"), '{"name":"consumer","version":"1.0.0"}');
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", folder.join(tarball)], options);
  }, 120_000);

  it("brings no other package along", () => {
    expect(
      readdirSync(folder.join("project", "node_modules")).filter((name) => !name.startsWith(".")),
    ).toEqual(["@roles-anywhere"]);
    expect(readdirSync(folder.join("project", "node_modules", "@roles-anywhere"))).toEqual(["signer"]);
  });

  it.each([
    ["an ES module", "module", 'import { fromRolesAnywhere } from "@roles-anywhere/signer";'],
    ["CommonJS", "commonjs", 'const { fromRolesAnywhere } = require("@roles-anywhere/signer");'],
  ])("works from %s", async (_title, type, line) => {
    const script = `${line} console.log(typeof fromRolesAnywhere({}));`;
    const { stdout, stderr } = await run(process.execPath, [`--input-type=${type}`, "-e", script], options);
    expect({ stdout, stderr }).toEqual({ stdout: "function\n", stderr: "" });
  });

  it.each(["mts", "cts"])("works from TypeScript in a .%s file", async (extension) => {
    const lines = [
      'import { fromRolesAnywhere, SignerError } from "@roles-anywhere/signer";',
      'import type { RolesAnywhereCredentials, SignerErrorCode } from "@roles-anywhere/signer";',
      'const provider = fromRolesAnywhere({ certificate: "", privateKey: "", trustAnchorArn: "", profileArn: "", roleArn: "" });',
      "export const credentials: Promise<RolesAnywhereCredentials> = provider();",
      'export const code: SignerErrorCode = new SignerError("ERR_SIGNER_USAGE", "").code;',
    ];
    writeFileSync(folder.join("project", `consumer.${extension}`), lines.join("\n"));
    const require = createRequire(import.meta.url);
    const types = fileURLToPath(new URL("../../../node_modules/@types", import.meta.url));
    const flags = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2023", "--types", "node"];
    const { stdout } = await run(
      process.execPath,
      [require.resolve("typescript/bin/tsc"), ...flags, "--typeRoots", types, `consumer.${extension}`],
      options,
    ).catch((error: unknown) => ({
      stdout: String(error instanceof Error && "stdout" in error ? error.stdout : error),
    }));
    expect(stdout).toBe("");
  });

  it("brings the command", async () => {
    const { stdout } = await run(
      folder.join("project", "node_modules", ".bin", "ra-signer"),
      ["version"],
      options,
    );
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
