// The packages as projects get them: published to a registry on loopback, installed into empty projects by npm and pnpm, and
// used from ES modules, CommonJS and TypeScript, under Jest, vitest and node:test, in projects as `nest new` and `cdk init`
// write them.
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishedPackages } from "../../tools/packages/published-packages.mjs";
import { installProject, startRegistry } from "../../tools/packages/registry.mjs";
import { asJavaScript, asScript, asTest, readExample } from "./examples.ts";
import type { Example } from "./examples.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CDK = join(ROOT, "node_modules", "aws-cdk", "bin", "cdk");
const cacheDirectory = process.env["RA_CACHE_DIR"] ?? join(ROOT, ".cache");
const hasLocalStack = existsSync(join(cacheDirectory, "localstack", "venv"));

/** What an example needs beside the package: a client, or a peer dependency that pnpm does not install by itself. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  "@roles-anywhere/infra": ["aws-cdk-lib", "constructs"],
  "@roles-anywhere/signer": ["@aws-sdk/client-s3"],
};

/** All that is tried, with the example of its README. */
const PACKAGES = publishedPackages().map(({ name, path }) => ({ name, example: readExample(path, name) }));
/** The example of the sandbox starts LocalStack, which the process back end installs. */
const RUNNABLE = PACKAGES.filter(({ name }) => hasLocalStack || name !== "@roles-anywhere/sandbox");

const folder = mkdtempSync(join(tmpdir(), "registry-"));
const at = (...names: readonly string[]): string => join(folder, ...names);
let registry: Awaited<ReturnType<typeof startRegistry>>;
/** A project with all packages. Those of Nest and the CDK stand below it, and find the packages there. */
const all = at("all");

beforeAll(async () => {
  mkdirSync(at("registry"));
  registry = await startRegistry(at("registry"));
  const companions = [...new Set(Object.values(COMPANIONS).flat())];
  await install({
    folder: all,
    packages: [...PACKAGES.map(({ name }) => name), ...companions, "@types/node@24"],
  });
  await Promise.all([
    ...["nest-10", "nest-12", "cdk-2.167"].map(async (name) => {
      cpSync(join(HERE, "fixtures", name), join(all, name), { recursive: true });
      await install({ folder: join(all, name), manifest: manifestOf(join(all, name)), packages: [] });
    }),
    install({ folder: at("newest"), packages: ["typescript@latest"] }),
    initCdkApp(join(all, "reports")),
  ]);
  const { certificatePem } = await makeCa();
  for (const project of [all, join(all, "cdk-2.167"), join(all, "reports")]) {
    writeFileSync(join(project, "ca.pem"), certificatePem);
  }
}, 600_000);

afterAll(async () => {
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(["npm", "pnpm"] as const)("installed alone by %s", (manager) => {
  it.concurrent.each(PACKAGES)(
    "$name runs the example of its README, from both module systems",
    async ({ name, example }) => {
      const project = at(manager, basename(name));
      const packages = [name, ...(COMPANIONS[name] ?? [])];
      await install({ folder: project, packages, manager });
      cpSync(join(all, "ca.pem"), join(project, "ca.pem"));
      // The matchers of Jest, for examples that are tests.
      symlinkSync(join(all, "nest-12", "node_modules", "expect"), join(project, "node_modules", "expect"));
      const script = RUNNABLE.some((runnable) => runnable.name === name)
        ? asScript(example)
        : `${example.imports}\nconsole.log(${/\w+/.exec(example.imports.replace(/import \{/, ""))?.[0] ?? ""});`;
      writeFileSync(join(project, "example.mjs"), asJavaScript(script, "esm"));
      writeFileSync(join(project, "example.cjs"), asJavaScript(script, "cjs"));
      const done = { code: 0, output: expect.any(String) };
      expect(await outcome(project, "example.mjs")).toEqual(done);
      expect(await outcome(project, "example.cjs")).toEqual(done);
      // The sandbox takes its time to start: the two are enough for it.
      if (name === "@roles-anywhere/sandbox") return;
      // The CommonJS copy, as a program that cannot require an ES module takes it.
      expect(await outcome(project, "--no-experimental-require-module", "example.cjs")).toEqual(done);
    },
  );
});

describe("TypeScript", () => {
  const consumer = readFileSync(join(HERE, "consumer.ts"), "utf8");
  const COMMON = {
    noEmit: true,
    strict: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    types: ["node"],
  };
  const RESOLUTIONS = {
    node10: {
      commonjs: { module: "commonjs" },
      esm: { module: "esnext" },
      options: { moduleResolution: "node10" },
    },
    node16: { commonjs: { module: "node16" }, esm: { module: "node16" }, options: {} },
    nodenext: { commonjs: { module: "nodenext" }, esm: { module: "nodenext" }, options: {} },
    bundler: {
      commonjs: { module: "preserve" },
      esm: { module: "esnext" },
      options: { moduleResolution: "bundler" },
    },
  } as const;
  type Resolution = keyof typeof RESOLUTIONS;
  /** Where the declarations of the packages are checked themselves: those for CommonJS once, and those of ES modules. */
  const STRICT = new Set(["node10, commonjs", "node16, commonjs", "nodenext, esm"]);

  beforeAll(() => {
    for (const [system, type] of [
      ["commonjs", "commonjs"],
      ["esm", "module"],
    ] as const) {
      mkdirSync(join(all, system));
      writeFileSync(join(all, system, "package.json"), JSON.stringify({ type }));
      writeFileSync(join(all, system, "consumer.ts"), consumer);
      writeFileSync(
        join(all, system, "globals.d.ts"),
        [
          "declare function it(title: string, run: () => unknown, timeout?: number): void;",
          'declare function expect(value: unknown): Record<"toBe" | "toEqual" | "toMatchObject", (other: unknown) => void>;',
        ].join("\n"),
      );
      for (const { name, example } of PACKAGES) {
        const file = join(all, system, `${basename(name)}.ts`);
        writeFileSync(file, example.isTest ? asTest(example) : asScript(example));
      }
      // Only what brings no declarations of others that have faults of their own.
      const strict = ["enforcement", "iam-policy", "pki", "signer"].map(
        (name) => `import "@roles-anywhere/${name}";`,
      );
      writeFileSync(join(all, system, "strict.ts"), strict.join("\n"));
    }
    // A CommonJS file that says so, for resolution as a bundler does it.
    const required = PACKAGES.map(
      ({ name }, index) => `import p${index} = require("${name}");\nvoid p${index};`,
    );
    writeFileSync(join(all, "commonjs", "required.ts"), required.join("\n"));
  });

  function cells(resolutions: readonly Resolution[], extra: object = {}) {
    const names = PACKAGES.map(({ name }) => basename(name));
    return resolutions.flatMap((resolution) =>
      (["commonjs", "esm"] as const).flatMap((system) => {
        const { [system]: module, options } = RESOLUTIONS[resolution];
        const shared = Object.assign({}, COMMON, module, options, extra);
        const files = (...sources: readonly string[]) =>
          sources.map((source) => join(all, system, `${source}.ts`));
        const required = system === "commonjs" ? ["required"] : [];
        const found = [
          {
            title: `${resolution}, ${system}`,
            files: files("globals.d", "consumer", ...names, ...required),
            options: Object.assign({ skipLibCheck: true }, shared),
          },
        ];
        if (STRICT.has(`${resolution}, ${system}`)) {
          const title = `${resolution}, ${system}, skipLibCheck false`;
          const options = Object.assign({ skipLibCheck: false }, shared);
          found.push({ title, files: files("strict"), options });
        }
        return found;
      }),
    );
  }

  it.concurrent.each([
    {
      version: "5.6",
      typescript: ["all", "cdk-2.167"],
      resolutions: ["node10", "node16", "nodenext", "bundler"],
      extra: {},
    },
    {
      version: "5.9",
      typescript: ["all", "nest-10"],
      resolutions: ["node10", "node16", "nodenext", "bundler"],
      extra: {},
    },
    // The last one that knows node10.
    {
      version: "6.0",
      typescript: ["all", "nest-12"],
      resolutions: ["node10"],
      extra: { ignoreDeprecations: "6.0" },
    },
  ] as const)(
    "$version takes every entry point and every example",
    async ({ version, typescript, resolutions, extra }) => {
      const library = at(...typescript, "node_modules", "typescript");
      expect(versionOf(library).startsWith(`${version}.`)).toBe(true);
      const asked = cells(resolutions, extra);
      const { stdout } = await run(
        process.execPath,
        [join(HERE, "typecheck.cjs"), library, JSON.stringify(asked)],
        all,
      );
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(asked.map(({ title }) => [title, []])));
    },
  );

  it("newest takes every entry point and every example", async () => {
    const compiler = at("newest", "node_modules", "typescript", "bin", "tsc");
    for (const { title, files, options } of cells(["node16", "nodenext", "bundler"])) {
      const config = join(all, "tsconfig.newest.json");
      writeFileSync(config, JSON.stringify({ compilerOptions: options, files }));
      const { stdout } = await run(process.execPath, [compiler, "-p", config], all).catch(outputOf);
      expect([title, stdout]).toEqual([title, ""]);
    }
  });
});

describe("a test runner", () => {
  it.each([
    { title: "Jest 29, in a project as `nest new` 10 writes it", project: "nest-10", flags: [], nest: true },
    {
      title: "Jest 30, in a project as `nest new` 12 writes it",
      project: "nest-12",
      flags: ["--experimental-vm-modules"],
      nest: true,
    },
    {
      title: "Jest 29, in a project as `cdk init` wrote it in 2024",
      project: "cdk-2.167",
      flags: [],
      nest: false,
    },
    {
      title: "Jest 30, in a project as `cdk init` writes it today",
      project: "reports",
      flags: [],
      nest: false,
    },
  ])("$title", async ({ project, flags, nest }) => {
    const cwd = join(all, project);
    const tests = join(cwd, nest ? "src" : "test");
    mkdirSync(tests, { recursive: true });
    for (const { name, example } of examplesFor(project)) {
      writeFileSync(join(tests, `${basename(name)}.${nest ? "spec" : "test"}.ts`), asTest(example));
    }
    if (nest) {
      cpSync(join(HERE, "fixtures", "credentials.service.ts"), join(tests, "credentials.service.ts"));
      cpSync(
        join(HERE, "fixtures", "credentials.service.spec.ts"),
        join(tests, "credentials.service.spec.ts"),
      );
    }
    await node(cwd, join("node_modules", "typescript", "bin", "tsc"), "--noEmit", "-p", "tsconfig.json");
    const jest = join("node_modules", "jest", "bin", "jest.js");
    const { stderr } = await node(cwd, ...flags, jest, "--ci");
    expect(stderr).toMatch(new RegExp(String.raw`^Tests: +\d+ passed, \d+ total$`, "m"));
  });

  it("vitest", async () => {
    const cwd = join(all, "esm");
    for (const { name, example } of RUNNABLE) {
      writeFileSync(join(cwd, `${basename(name)}.test.ts`), asTest(example));
    }
    cpSync(join(all, "ca.pem"), join(cwd, "ca.pem"));
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const { stdout } = await node(cwd, vitest, "run", "--globals", "--root", cwd, "--testTimeout", "120000");
    expect(stdout).toMatch(/Tests +\d+ passed \(\d+\)/);
  });
});

/** The sandbox starts LocalStack in one of the projects only; infra stands where the CDK is. */
function examplesFor(project: string): readonly { readonly name: string; readonly example: Example }[] {
  return RUNNABLE.filter(({ name }) => {
    // This project checks the declarations of everything, and those of zod and hono want a newer one.
    if (project === "cdk-2.167")
      return ["@roles-anywhere/infra", "@roles-anywhere/iam-policy"].includes(name);
    if (name === "@roles-anywhere/sandbox") return project === "reports";
    return name !== "@roles-anywhere/infra" || project === "reports";
  });
}

/** Has today's `cdk init` write an app, and installs what it names. */
async function initCdkApp(project: string): Promise<void> {
  mkdirSync(project);
  const words = ["init", "app", "--language", "typescript", "--generate-only", "--no-color"];
  await run(process.execPath, [CDK, ...words], project, { CDK_DISABLE_CLI_TELEMETRY: "true" });
  const manifest = manifestOf(project);
  // The command is there already, and the library comes from the project above, so that there is one.
  const { "aws-cdk": _cdk, ...devDependencies } = manifest.devDependencies;
  await install({
    folder: project,
    manifest: { ...manifest, devDependencies, dependencies: {} },
    packages: [],
  });
  // Its Jest loads a file of aws-cdk-lib by name, and looks no further than the project.
  symlinkSync(join(all, "node_modules", "aws-cdk-lib"), join(project, "node_modules", "aws-cdk-lib"));
}

async function install(options: {
  readonly folder: string;
  readonly packages: readonly string[];
  readonly manager?: "npm" | "pnpm";
  readonly manifest?: object;
}): Promise<void> {
  await installProject({ ...options, registry: registry.url });
}

async function makeCa(): Promise<{ readonly certificatePem: string }> {
  const script = `import { createRootCertificateAuthority } from "@roles-anywhere/pki";
    console.log(JSON.stringify(await createRootCertificateAuthority({ commonName: "Test CA" })));`;
  const { stdout } = await node(all, "--input-type=module", "-e", script);
  return JSON.parse(stdout);
}

/** How a run of Node.js ended, with all that it printed. */
async function outcome(cwd: string, ...words: readonly string[]) {
  const ended = run(process.execPath, words, cwd);
  return ended.then(
    (printed) => ({ code: 0, output: outputOf(printed).stdout }),
    (error: unknown) => ({ code: 1, output: outputOf(error).stdout }),
  );
}

/** Runs Node.js, which must not fail. */
async function node(cwd: string, ...words: readonly string[]) {
  try {
    return await run(process.execPath, words, cwd);
  } catch (error) {
    throw new Error(`node ${words.join(" ")} in ${cwd} failed:\n${outputOf(error).stdout}`, { cause: error });
  }
}

/** Runs a program with the settings of a machine that has none of AWS, and none of the test runner around it. */
function run(
  command: string,
  words: readonly string[],
  cwd: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const unwanted = /^(?:AWS_|VITEST|NODE_ENV$|JEST_|TEST$|npm_(?!config_))/;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  const env = { ...Object.fromEntries(kept), NO_COLOR: "1", RA_CACHE_DIR: cacheDirectory, ...extra };
  const { promise, resolve, reject } = Promise.withResolvers<{ stdout: string; stderr: string }>();
  const child = execFile(
    command,
    words,
    { cwd, env, maxBuffer: 64 * 1024 * 1024 },
    (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(Object.assign(error, { stdout, stderr }));
    },
  );
  child.stdin?.end();
  return promise;
}

function outputOf(error: unknown): { readonly stdout: string } {
  const { stdout = "", stderr = "" } = Object(error);
  return { stdout: `${stdout}${stderr}` || String(error) };
}

function manifestOf(project: string): { readonly devDependencies: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
}

function versionOf(library: string): string {
  return JSON.parse(readFileSync(join(library, "package.json"), "utf8")).version;
}
