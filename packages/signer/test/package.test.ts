import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CREDENTIALS, startFakeService, success } from "./support/fake-service.ts";
import { readVector, temporaryFolder } from "@roles-anywhere/testing";
import { folderWithIdentity, sessionWords } from "./support/served.ts";

const run = promisify(execFile);
const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const rootModules = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const libraryPage = readFileSync(new URL("../../../docs/signer/library.md", import.meta.url), "utf8");
const vector = readVector("ecdsa");

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
};
const dependencies = Object.keys(manifest.dependencies ?? {});

describe("the README", () => {
  it("has an example that runs as it stands", async () => {
    using folder = temporaryFolder();
    await using service = await startFakeService(success());
    writeFileSync(folder.join("client.pem"), vector.certificatePem);
    writeFileSync(folder.join("client.key"), vector.privateKeyPem);
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

const WITHOUT_PKCS11JS =
  "keys in PKCS#11 tokens need the package pkcs11js, which is not installed; npm install pkcs11js (it needs a C++ compiler)";

describe("the packed package, installed into an empty project", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  const project = folder.join("project");
  const modules = join(project, "node_modules");
  const options = { cwd: project, env: { ...process.env, npm_config_offline: "true" } };
  let tarball: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    mkdirSync(project);
    // Its dependencies as they are installed here, so that the test needs no registry.
    const sources = [packageFolder, ...dependencies.map((name) => join(rootModules, name))];
    await run("npm", ["pack", "--silent", "--pack-destination", folder.path, ...sources], {
      cwd: packageFolder,
    });
    const tarballs = readdirSync(folder.path).filter((name) => name.endsWith(".tgz"));
    const own = tarballs.find((name) => name.startsWith("roles-anywhere-signer-")) ?? "";
    tarball = Uint8Array.from(readFileSync(folder.join(own)));
    writeFileSync(join(project, "package.json"), '{"name":"consumer","version":"1.0.0"}');
    const paths = tarballs.map((name) => folder.join(name));
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", ...paths], options);
  }, 120_000);

  it("brings no other package along than those that the docs count, with their size", () => {
    const installed = readdirSync(modules)
      .filter((name) => !name.startsWith("."))
      .flatMap((name) =>
        name.startsWith("@") ? readdirSync(join(modules, name)).map((rest) => `${name}/${rest}`) : [name],
      );
    const counted = [...libraryPage.matchAll(/^\| `([^`]+)` +\| (\d+(?:\.\d+)?) MB +\|/gm)].map(
      ([, name = "", size]) => ({ name, size: Number(size) }),
    );
    expect(new Set(installed)).toEqual(new Set(counted.map(({ name }) => name)));
    expect(new Set(installed)).toEqual(new Set(["@roles-anywhere/signer", ...dependencies]));
    const wrong = counted.filter(({ name, size }) => Math.abs(megabytes(join(modules, name)) - size) > 0.3);
    expect(wrong).toEqual([]);
  });

  it("gives nothing to publint that it would remark on", async () => {
    const { messages } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    expect(messages).toEqual([]);
  });

  it("has types that are right for every way of resolution", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (!result.types) throw new Error("the package has no types");
    expect(result.problems).toEqual([]);
    const resolutions = Object.values(result.entrypoints["."]?.resolutions ?? {});
    expect(resolutions.map((found) => [found.resolutionKind, found.resolution?.isTypeScript])).toEqual([
      ["node10", true],
      ["node16-cjs", true],
      ["node16-esm", true],
      ["bundler", true],
    ]);
  });

  it.each([
    ["an ES module", ["--input-type=module"], 'import * as signer from "@roles-anywhere/signer";'],
    ["CommonJS", ["--input-type=commonjs"], 'const signer = require("@roles-anywhere/signer");'],
    [
      "CommonJS where an ES module cannot be required",
      ["--input-type=commonjs", "--no-experimental-require-module"],
      'const signer = require("@roles-anywhere/signer");',
    ],
  ])("works from %s", async (_title, flags, line) => {
    await using service = await startFakeService(success());
    const init = {
      certificate: vector.certificatePem,
      privateKey: vector.privateKeyPem,
      trustAnchorArn: "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
      profileArn: "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
      roleArn: "arn:aws:iam::123456789012:role/Example",
      endpoint: service.url,
    };
    const script = `${line}
      signer.fromRolesAnywhere(${JSON.stringify(init)})().then(({ accessKeyId }) =>
        console.log(accessKeyId, Object.keys(signer).sort().join()));`;
    const { stdout, stderr } = await run(process.execPath, [...flags, "-e", script], options);
    expect({ stdout, stderr }).toEqual({
      stdout: `${CREDENTIALS.accessKeyId} ${Object.keys(await import("../src/index.ts"))
        .sort()
        .join()}\n`,
      stderr: "",
    });
  });

  it.each([
    ["an ES module", ["--input-type=module"], 'import { loadTokenIdentity } from "@roles-anywhere/signer";'],
    [
      "CommonJS",
      ["--input-type=commonjs"],
      'const { loadTokenIdentity } = require("@roles-anywhere/signer");',
    ],
    [
      "CommonJS where an ES module cannot be required",
      ["--input-type=commonjs", "--no-experimental-require-module"],
      'const { loadTokenIdentity } = require("@roles-anywhere/signer");',
    ],
  ])("says in one sentence what keys in tokens need, from %s", async (_title, flags, line) => {
    const script = `${line}
      loadTokenIdentity({ certificate: "pkcs11:object=a", pkcs11: { library: "/nowhere.so" } }).catch(
        ({ code, message }) => console.log(code, message));`;
    const { stdout, stderr } = await run(process.execPath, [...flags, "-e", script], options);
    expect({ stdout, stderr }).toEqual({
      stdout: `ERR_SIGNER_PKCS11_LIBRARY ${WITHOUT_PKCS11JS}\n`,
      stderr: "",
    });
  });

  it("says it from the command as well", async () => {
    const words = ["credential-process", "--certificate", "pkcs11:object=a", "--pkcs11-lib", "/nowhere.so"];
    const main = join(modules, "@roles-anywhere/signer/bin/ra-signer.cjs");
    const folder = folderWithIdentity();
    const more = sessionWords(folder, "http://127.0.0.1:1").slice(4);
    folder[Symbol.dispose]();
    const result = run(process.execPath, [main, ...words, ...more], options);
    await expect(result).rejects.toMatchObject({
      code: 1,
      stdout: "",
      stderr: `ra-signer: ${WITHOUT_PKCS11JS}\n`,
    });
  });

  it("is loaded once by a process that imports and requires it", async () => {
    const script = `import("@roles-anywhere/signer").then((imported) => {
      console.log(imported.SignerError === require("@roles-anywhere/signer").SignerError); });`;
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "-e", script], options);
    expect(stdout).toBe("true\n");
  });

  it("knows the errors of another copy as its own", async () => {
    const script = `
      const { SignerError: Other } = require("./node_modules/@roles-anywhere/signer/dist/commonjs/index.js");
      import("@roles-anywhere/signer").then(({ SignerError }) => {
        const errors = [new Other("ERR_SIGNER_TIMEOUT", ""), new Error()];
        console.log(SignerError === Other, errors.map((error) => error instanceof SignerError)); });`;
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "-e", script], options);
    expect(stdout).toBe("false [ true, false ]\n");
  });

  it("lets its package.json be read", async () => {
    const script = 'console.log(require("@roles-anywhere/signer/package.json").version)';
    const { stdout } = await run(process.execPath, ["--input-type=commonjs", "-e", script], options);
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it.each([
    ["imported", "module", 'await import("@roles-anywhere/signer");'],
    ["required", "commonjs", 'require("@roles-anywhere/signer");'],
  ])("does no work when it is %s", async (_title, type, line) => {
    const script = `
      const readVariables = new Set();
      const variables = process.env;
      process.env = new Proxy(variables, {
        get: (target, name) => (readVariables.add(name), target[name]),
        ownKeys: () => (readVariables.add("all"), []),
      });
      const before = new Set(process.moduleLoadList);
      ${line}
      const loaded = process.moduleLoadList.filter((name) => !before.has(name));
      process.env = variables;
      console.log(JSON.stringify({
        loaded: loaded.filter((name) => /^NativeModule (net|tls|http|https|http2|dgram|dns|child_process|worker_threads|zlib|perf_hooks|internal\\/deps\\/undici.*)$/.test(name)),
        variables: [...readVariables].filter((name) => typeof name === "string" && !/^NODE_|^WATCH_/.test(name)),
        resources: process.getActiveResourcesInfo().filter((name) => name !== "PipeWrap"),
      }));`;
    // May read its own package and nothing else, write nowhere and start nothing.
    const permissions = ["--permission", `--allow-fs-read=${project}`];
    const flags = [...permissions, `--input-type=${type}`, "-e", script];
    const { stdout } = await run(process.execPath, flags, { ...options, env: { PATH: "" } });
    expect(JSON.parse(stdout)).toEqual({ loaded: [], variables: [], resources: [] });
  });

  describe("for TypeScript", () => {
    const consumer = [
      'import type { AwsCredentialIdentityProvider as FromSdk } from "@aws-sdk/types";',
      'import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@smithy/types";',
      'import { fromRolesAnywhere, SignerError } from "@roles-anywhere/signer";',
      'import type { RequestSigner, RolesAnywhereCredentials, SignerErrorCode } from "@roles-anywhere/signer";',
      'const signer: RequestSigner = { algorithm: "AWS4-X509-ECDSA-SHA256", sign: async (message) => message };',
      'const provider = fromRolesAnywhere({ certificate: "", privateKey: signer, trustAnchorArn: "", profileArn: "", roleArn: "" });',
      "export const smithy: AwsCredentialIdentityProvider = provider;",
      "export const sdk: FromSdk = provider;",
      "export const credentials: Promise<RolesAnywhereCredentials> = provider();",
      "export const identity: Promise<AwsCredentialIdentity> = provider({ forceRefresh: true });",
      'export const code: SignerErrorCode = new SignerError("ERR_SIGNER_USAGE", "").code;',
      "// @ts-expect-error the ARNs are missing",
      'fromRolesAnywhere({ certificate: "" });',
    ].join("\n");
    const require = createRequire(import.meta.url);
    const current = require.resolve("typescript/bin/tsc");
    /** The oldest one at hand comes with Are the Types Wrong: 5.6. */
    const old = createRequire(require.resolve("@arethetypeswrong/core")).resolve("typescript/bin/tsc");

    beforeAll(() => {
      for (const name of ["@smithy/types", "@aws-sdk/types"]) {
        mkdirSync(dirname(join(modules, name)), { recursive: true });
        symlinkSync(join(rootModules, name), join(modules, name));
      }
    });

    it.each([
      ["an ES module and as CommonJS", ["mts", "cts"], current, ["--module", "nodenext"]],
      ["the same, module node16, TypeScript 5.6", ["mts", "cts"], old, ["--module", "node16"]],
      ["CommonJS, resolution node10, TypeScript 5.6", ["ts"], old, ["--module", "commonjs"]],
      [
        "an ES module for a bundler",
        ["ts"],
        current,
        ["--module", "esnext", "--moduleResolution", "bundler"],
      ],
    ])("compiles as %s", async (_title, extensions, compiler, flags) => {
      const sources = extensions.map((extension) => `consumer.${extension}`);
      for (const source of sources) writeFileSync(join(project, source), consumer);
      const types = ["--types", "node", "--typeRoots", join(rootModules, "@types")];
      const strict = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022"];
      const words = [compiler, ...strict, ...types, ...flags, ...sources];
      const { stdout } = await run(process.execPath, words, options).catch((error: unknown) => ({
        stdout: String(error instanceof Error && "stdout" in error ? error.stdout : error),
      }));
      expect(stdout).toBe("");
    });
  });

  it("brings the command", async () => {
    const command = join(modules, ".bin", "ra-signer");
    const { stdout } = await run(command, ["version"], options);
    expect(stdout).toBe(`${manifest.version}\n`);
  });

  it("runs where it may only read, and writes nothing beside itself", async () => {
    await using service = await startFakeService(success());
    using identity = folderWithIdentity();
    const scripts = join(modules, "@roles-anywhere", "signer", "dist", "cli");
    const before = readdirSync(scripts);
    // Compiled code is of one Node.js: it is not packed.
    expect(before.filter((name) => name.includes(".cjs."))).toEqual([]);
    const mayConnect = process.allowedNodeEnvironmentFlags.has("--allow-net") ? ["--allow-net"] : [];
    const readOnly = ["--disable-warning=ExperimentalWarning", "--permission", "--allow-fs-read=*"];
    const words = ["credential-process", ...sessionWords(identity, service.url)];
    for (const flags of [[], [...readOnly, ...mayConnect]]) {
      const { stdout } = await run(
        process.execPath,
        [...flags, join(scripts, "main.cjs"), ...words],
        options,
      );
      expect(JSON.parse(stdout)).toMatchObject({ AccessKeyId: CREDENTIALS.accessKeyId });
    }
    expect(readdirSync(scripts)).toEqual(before);
  });

  it.each(["18.20.8", "20.19.5", "21.7.3", "22.21.1", "23.11.0"])(
    "says which Node.js it needs under %s",
    async (version) => {
      const old = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "${version}" })`;
      const main = join(modules, "@roles-anywhere", "signer", "dist", "cli", "main.cjs");
      await expect(run(process.execPath, ["--import", old, main, "version"], options)).rejects.toMatchObject({
        code: 1,
        stdout: "",
        stderr: `ra-signer: this is Node.js ${version}; install Node.js 22.22 or later of that line, or 24 or later\n`,
      });
    },
  );
});

/** Sum of the sizes of all files below a folder. */
function megabytes(path: string): number {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(path, name)))
    .filter((entry) => entry.isFile())
    .reduce((sum, { size }) => sum + size / 1_000_000, 0);
}
