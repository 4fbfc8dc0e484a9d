import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, describe, expect, it } from "vitest";
import { publishedPackages } from "../tools/packages/published-packages.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const PACKAGES = publishedPackages();
const root = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const license = readFileSync(join(ROOT, "LICENSE"), "utf8");

const folder = mkdtempSync(join(tmpdir(), "packages-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("knows the packages that are published", () => {
  expect(PACKAGES.map(({ name }) => name)).toEqual([
    "@roles-anywhere/enforcement",
    "@roles-anywhere/iam-policy",
    "@roles-anywhere/infra",
    "@roles-anywhere/mock",
    "@roles-anywhere/pki",
    "@roles-anywhere/sandbox",
    "@roles-anywhere/signer",
  ]);
});

describe.each(PACKAGES)("$name, packed", ({ name, path, manifest }) => {
  const tarball = pack(path);

  it("gives nothing to publint that it would remark on", async () => {
    const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it("has types that are right for every way of resolution, at each of its entry points", async () => {
    const result = await checkPackage(createPackageFromTarballData(tarball));
    if (!result.types) throw new Error(`${name} has no types`);
    expect(result.problems).toEqual([]);
    const declared = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");
    for (const entry of declared) {
      const resolutions = Object.values(result.entrypoints[entry]?.resolutions ?? {});
      const found = resolutions.map(({ resolutionKind, resolution }) => [
        resolutionKind,
        resolution?.isTypeScript,
        resolution?.fileName.includes("/dist/commonjs/"),
      ]);
      expect([entry, ...found]).toEqual([
        entry,
        ["node10", true, true],
        ["node16-cjs", true, true],
        ["node16-esm", true, false],
        ["bundler", true, false],
      ]);
    }
  });

  it("brings its README and the license, and neither tests nor sources", () => {
    const files = filesOf(tarball);
    expect(files.get("package/LICENSE")).toBe(license);
    expect(files.get("package/README.md")).toBe(readFileSync(join(path, "README.md"), "utf8"));
    expect([...files.keys()].filter((file) => /\.test\.|\/(?:src|test|bench|reports)\//.test(file))).toEqual(
      [],
    );
    // Compiled code is of one Node.js.
    expect([...files.keys()].filter((file) => /\.cjs\.v\d/.test(file))).toEqual([]);
  });

  it("says where it comes from, who may use it and with which Node.js", () => {
    expect(manifest).toMatchObject({
      license: root.license,
      engines: root.engines,
      repository: { ...root.repository, directory: `packages/${basename(path)}` },
      bugs: root.bugs,
      homepage: `${String(root.homepage).replace(/#readme$/, "")}/tree/main/packages/${basename(path)}#readme`,
      keywords: expect.arrayContaining(["aws", "iam-roles-anywhere"]),
      publishConfig: { access: "public", provenance: true },
    });
  });

  it("depends on released packages alone, and on those of this repository at their version", () => {
    const versions = new Map<string, string>(PACKAGES.map((other) => [other.name, other.manifest.version]));
    const ours = Object.entries<string>(manifest.dependencies ?? {}).filter(([other]) =>
      other.startsWith("@roles-anywhere/"),
    );
    expect(ours).toEqual(ours.map(([other]) => [other, versions.get(other)]));
  });

  it.each(Object.keys(manifest.exports).filter((entry) => entry !== "./package.json"))(
    "exports the same names from %s as ES module and as CommonJS",
    async (entry) => {
      const { import: esm, require: cjs } = manifest.exports[entry];
      const imported = await import(join(path, esm.default));
      const required = require(join(path, cjs.default));
      expect(Object.keys(required).sort()).toEqual(Object.keys(imported).sort());
    },
  );
});

/** The error classes that programs compare with `instanceof`, and how to make one. */
const ERRORS = [
  { module: "signer", name: "SignerError", make: ["ERR_SIGNER_TIMEOUT", "message"] },
  { module: "pki", name: "PkiError", make: ["ERR_PKI_AUTHORITY_EXPIRED", "message"] },
  { module: "infra", name: "InfraError", make: ["ERR_INFRA_OPTION_INVALID", "message"] },
  { module: "mock", name: "MockError", make: ["ERR_MOCK_NOT_RUNNING", "message"] },
  { module: "mock", name: "AwsPortError", make: ["refused", "message"] },
  { module: "sandbox", name: "SandboxError", make: ["ERR_SANDBOX_HOOK_FAILED", "message"] },
  { module: "iam-policy", name: "PolicyError", make: ["ERR_POLICY_JSON", "", "message"] },
];

describe.each(ERRORS)("$name of @roles-anywhere/$module", ({ module, name, make }) => {
  it("is known to the other copy in a process that holds ES modules and CommonJS, and no other error is", async () => {
    const folderOf = join(ROOT, "packages", module, "dist");
    const { [name]: Imported } = await import(join(folderOf, "index.js"));
    const { [name]: Required } = require(join(folderOf, "commonjs", "index.js"));
    expect(Imported).not.toBe(Required);
    expect(new Imported(...make)).toBeInstanceOf(Required);
    expect(new Required(...make)).toBeInstanceOf(Imported);
    class Own extends Required {}
    expect(new Imported(...make)).not.toBeInstanceOf(Own);
    for (const other of [new Error("message"), { name, code: make[0], kind: make[0] }, null]) {
      expect(other instanceof Required).toBe(false);
    }
  });
});

function pack(path: string): Uint8Array<ArrayBuffer> {
  const target = mkdtempSync(join(folder, "pack-"));
  const { status, stderr } = spawnSync("npm", ["pack", "--silent", "--pack-destination", target], {
    cwd: path,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm pack in ${path} failed: ${stderr}`);
  const [file = ""] = readdirSync(target);
  return Uint8Array.from(readFileSync(join(target, file)));
}

/** The files of a tarball with their text. npm writes plain ustar entries. */
function filesOf(tarball: Uint8Array): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const octets = gunzipSync(tarball);
  const field = (at: number, length: number): string =>
    octets
      .subarray(at, at + length)
      .toString("latin1")
      .replace(/\0[\s\S]*$/, "");
  for (let at = 0; at < octets.length && octets[at] !== 0;) {
    const size = Number.parseInt(field(at + 124, 12), 8);
    const prefix = field(at + 345, 155);
    const name = prefix === "" ? field(at, 100) : `${prefix}/${field(at, 100)}`;
    files.set(name, octets.subarray(at + 512, at + 512 + size).toString("utf8"));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
