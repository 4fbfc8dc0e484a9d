import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rename, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, assert, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { PROGRAMS, REPOSITORY_ROOT } from "../../src/story/programs.ts";
import { blocksOf } from "../support/page.ts";
import type { Block } from "../support/page.ts";
import { COMPILER_OPTIONS, makeProjectFolder } from "../support/project-folder.ts";
import type { ProjectFolder } from "../support/project-folder.ts";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

// What the reader has already: the file that starts the CDK app, and a service with a controller.
const CDK_APP = `
import { App, LegacyStackSynthesizer } from "aws-cdk-lib/core";
import { ReportsStack } from "./lib/reports-stack.ts";
new ReportsStack(new App(), "Reports", { synthesizer: new LegacyStackSynthesizer() });
`;
const SERVICE = `
import "reflect-metadata";
import { Controller, Get, Inject, Module, Param, Put } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { AwsModule } from "./aws.module.js";
import { ReportsService } from "./reports.service.js";

const bucket = process.env["BUCKET"] ?? "";
const answer = async (work: Promise<unknown>) => {
  try {
    return { done: (await work) ?? "written" };
  } catch (error) {
    return { refused: (error as Error).name };
  }
};

@Controller("reports")
class ReportsController {
  constructor(@Inject(ReportsService) private readonly reports: ReportsService) {}
  @Get() list() { return answer(this.reports.list(bucket)); }
  @Put(":name") write(@Param("name") name: string) { return answer(this.reports.write(bucket, name, "1")); }
}
@Module({ imports: [AwsModule], controllers: [ReportsController], providers: [ReportsService] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ["error"], abortOnError: true });
await app.listen(0, "127.0.0.1");
console.log("listening on " + (await app.getUrl()));
`;
const TSCONFIG = { compilerOptions: COMPILER_OPTIONS, include: ["lib", "src", "test"] };

const compose = z.object({
  services: z.object({ reports: z.object({ environment: z.record(z.string(), z.string()) }) }),
});
const mounts = z.array(z.object({ name: z.string(), mountPath: z.string() }));
const deployment = z.object({
  kind: z.literal("Deployment"),
  spec: z.object({
    template: z.object({
      spec: z.object({
        securityContext: z.object({ fsGroup: z.literal(1000) }),
        initContainers: z.tuple([
          z.object({ args: z.array(z.string()), restartPolicy: z.literal("Always"), volumeMounts: mounts }),
        ]),
        containers: z.tuple([
          z.object({
            env: z.array(z.object({ name: z.string(), value: z.string() })),
            volumeMounts: mounts,
          }),
        ]),
        volumes: z.tuple([
          z.object({ secret: z.object({ secretName: z.string(), defaultMode: z.number() }) }),
          z.object({ emptyDir: z.object({ medium: z.literal("Memory") }) }),
        ]),
      }),
    }),
  }),
});

const HAS_COMPOSE = spawnSync("docker", ["compose", "version"]).status === 0;

/** Kubernetes reads YAML 1.1, in which 0440 is octal. */
const KUBERNETES_YAML = { version: "1.1" } as const;

/** Every block of docs/adopt.md, in its order, in a project that knows our packages by their names alone. */
export function testAdopt(sandbox: () => Sandbox): void {
  let project: ProjectFolder;
  let blocks: readonly Block[];
  const used = new Set<Block>();
  beforeAll(async () => {
    blocks = await blocksOf("docs/adopt.md");
    project = await makeProjectFolder();
    await project.write("package.json", JSON.stringify({ private: true, type: "module" }));
    await project.write("tsconfig.json", JSON.stringify(TSCONFIG));
    await project.write(
      "cdk.json",
      JSON.stringify({ app: "node app.ts", versionReporting: false, notices: false }),
    );
    await project.write("app.ts", CDK_APP);
    await project.write("src/main.ts", SERVICE);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  /** The blocks of a section in a language; they count as tested. */
  const take = (section: string, language: string): readonly string[] => {
    const found = blocks.filter((block) => block.section.startsWith(section) && block.language === language);
    for (const block of found) used.add(block);
    expect(found.length).toBeGreaterThan(0);
    return found.map(({ text }) => text);
  };
  const administrator = () => sandbox().environments.administrator;
  const server = () => sandbox().environments.server;
  const output = async (name: string): Promise<string> => {
    const outputs = z.object({ Reports: z.record(z.string(), z.string()) });
    return (
      outputs.parse(JSON.parse(await readFile(join(project.path, "cdk-outputs.json"), "utf8"))).Reports[
        name
      ] ?? ""
    );
  };
  /** Starts the service, and asks it to write a report and to list them. */
  const tryService = async (environment: Readonly<Record<string, string>>, name: string) => {
    const url = await project.start(["out/src/main.js"], environment, /listening on (http:\/\/\S+)/);
    const written: unknown = await (await fetch(`${url}/reports/${name}`, { method: "PUT" })).json();
    const listed: unknown = await (await fetch(`${url}/reports`)).json();
    return { written, listed };
  };

  it("the packages that it names can be packed, and have the commands that it runs", async () => {
    const [pack = ""] = take("Install", "sh clone");
    await project.run(pack, {}, REPOSITORY_ROOT);
    const archives = await readdir(join(project.home, "ra-kit"));
    const page = await readFile(join(REPOSITORY_ROOT, "docs/adopt.md"), "utf8");
    const named = new Set([...page.matchAll(/@roles-anywhere\/([a-z-]+)/g)].map(([, name = ""]) => name));
    expect([...named].filter((name) => !archives.some((file) => file.includes(`-${name}-`)))).toEqual([]);
    for (const [, name = "", command = ""] of page.matchAll(
      /npx -p @roles-anywhere\/([a-z-]+) (ra-[a-z]+)/g,
    )) {
      const manifest = await readFile(join(REPOSITORY_ROOT, "packages", name, "package.json"), "utf8");
      expect(JSON.parse(manifest)).toMatchObject({ bin: { [command]: expect.any(String) } });
    }
  });

  it("the packages that it installs fit each other, and what they need from others", async () => {
    const [install = ""] = take("Install", "sh install");
    const folder = join(project.home, "ra-kit");
    const archives = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
    for (const [, name = ""] of install.matchAll(/@roles-anywhere\/([a-z-]+)/g)) {
      expect(archives.find((file) => file.includes(`-${name}-`))).toBeDefined();
    }
    await project.write("home/ra-kit/package.json", JSON.stringify({ private: true }));
    // npm works out what it would install, and loads no archive of others.
    const args = ["install", "--package-lock-only", "--no-audit", "--no-fund", "--loglevel=error"];
    const solved = spawnSync("npm", [...args, ...archives.map((file) => `./${file}`)], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(solved.status, 0, solved.stderr);
    const lock = await readFile(join(folder, "package-lock.json"), "utf8");
    expect(Object.keys(JSON.parse(lock).packages)).toEqual(
      expect.arrayContaining(["node_modules/@roles-anywhere/sandbox", "node_modules/aws-cdk-lib"]),
    );
  });

  it("the CDK app deploys two servers", async () => {
    const [stack = ""] = take("The CDK app", "ts");
    await project.write("lib/reports-stack.ts", stack);
    for (const script of take("The CDK app", "sh")) await project.run(script, administrator());
    expect(await output("WriterRoleArn")).toMatch(/^arn:aws:iam::000000000000:role\/Reports-Writer/);
    expect(await output("ReaderRoleArn")).not.toBe(await output("WriterRoleArn"));
  });

  it("the certificates are made from requests, and the keys stay with the servers", async () => {
    for (const script of take("The certificates", "sh")) await project.run(script, {});
    expect((await stat(join(project.path, "writer/reports-writer.key"))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(project.path, "pki"))).not.toContain("reports-writer.key");
  });

  it("the profile works, and the doctor finds nothing", async () => {
    const [script = ""] = take("The profile", "sh");
    const { stdout } = await project.run(script, server());
    expect(stdout).toMatch(/session/);
  });

  it("the service compiles, and writes with the profile of the writer", async () => {
    const [module = "", service = ""] = take("The NestJS service", "ts");
    await project.write("src/aws.module.ts", module);
    await project.write("src/reports.service.ts", service);
    const [permissions = "", reports = ""] = take("Tests", "ts");
    await project.write("test/permissions.test.ts", permissions);
    await project.write("test/reports.test.ts", reports);
    await project.run(`node ${JSON.stringify(tsc)} -p .`, {});
    const profile = { AWS_PROFILE: "reports", AWS_CONFIG_FILE: join(project.path, "writer/aws-config") };
    expect(
      await tryService({ ...server(), ...profile, BUCKET: await output("BucketName") }, "a.csv"),
    ).toEqual({
      written: { done: "written" },
      listed: { done: ["a.csv"] },
    });
  });

  it("the tests pass in vitest", async () => {
    // Where LocalStack is installed already; the home folder of the project is an empty one.
    const cache = process.env["RA_CACHE_DIR"] || join(homedir(), ".cache", "roles-anywhere-kit");
    const { stdout } = await project.run("npx vitest run --root . --exclude 'out/**'", {
      ...server(),
      RA_CACHE_DIR: cache,
      NO_COLOR: "1",
    });
    expect(stdout).toMatch(/Tests +3 passed/);
  });

  it("the test of permissions passes in Jest, and fails for a right that is not there", async () => {
    const jest = join(project.path, "jest");
    await project.write("jest/package.json", JSON.stringify({ private: true, type: "module" }));
    const installed = spawnSync(
      "npm",
      ["install", "--no-audit", "--no-fund", "--loglevel=error", "jest@30"],
      {
        cwd: jest,
        encoding: "utf8",
      },
    );
    assert.equal(installed.status, 0, installed.stderr);
    const compiled = await readFile(join(project.path, "out/test/permissions.test.js"), "utf8");
    const forJest = compiled.replace(/^import \{ it \} from "vitest";\n/m, "");
    expect(forJest).not.toContain("vitest");
    const run = async (text: string): Promise<string> => {
      await project.write("out/test/permissions.jest.js", text);
      const script = `node --experimental-vm-modules jest/node_modules/jest/bin/jest.js --rootDir . --testMatch '**/*.jest.js' 2>&1 || true`;
      return (await project.run(script, { NO_COLOR: "1" })).stdout;
    };
    expect(await run(forJest)).toMatch(/Tests: +2 passed, 2 total/);
    expect(await run(forJest.replace("toDeny(", "toAllow("))).toMatch(/Tests: +1 failed, 1 passed, 2 total/);
  });

  it("Compose: the variables are enough for the service, and give it the rights of the writer", async () => {
    const [file = ""] = take("Docker Compose", "yaml");
    const [script = ""] = take("Docker Compose", "sh");
    await project.write("compose.yaml", file);
    await project.pretend("docker");
    await project.run(script, server());
    expect(await readLines("docker.arguments")).toEqual(["compose", "up", "--detach"]);
    const environment = await project.run(
      `${script.replace(/^docker .*$/m, "")}\nexec node -p 'JSON.stringify(process.env)'`,
      server(),
    );
    const given = z.record(z.string(), z.string()).parse(JSON.parse(environment.stdout));
    const settings = Object.entries(compose.parse(parse(file)).services.reports.environment).map(
      ([name, value]) => {
        const [, variable = ""] = /^\$\{(\w+):\?[^}]*\}$/.exec(value) ?? [];
        expect(given[variable]).toMatch(/./);
        return [name, given[variable] ?? ""];
      },
    );
    const endpoints = Object.fromEntries(Object.entries(server()).filter(([name]) => name !== "AWS_REGION"));
    expect(await tryService({ ...endpoints, ...Object.fromEntries(settings) }, "b.csv")).toEqual({
      written: { done: "written" },
      listed: { done: ["a.csv", "b.csv"] },
    });
  });

  it.skipIf(!HAS_COMPOSE)("Compose itself reads the file, and fails without the key", () => {
    const read = (left?: string) => {
      const file = join(project.path, "compose.yaml");
      const names = [...(take("Docker Compose", "yaml")[0] ?? "").matchAll(/\$\{(\w+):/g)].map(
        ([, name = ""]) => name,
      );
      const values = Object.fromEntries(
        names.filter((name) => name !== left).map((name) => [name, `a ${name}`]),
      );
      return spawnSync("docker", ["compose", "--file", file, "config", "--format", "json"], {
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: homedir(), ...values },
      });
    };
    const { environment } = compose.parse(JSON.parse(read().stdout)).services.reports;
    expect(environment).toMatchObject({ PRIVATE_KEY: "a PRIVATE_KEY", BUCKET: "a BUCKET" });
    expect(read("PRIVATE_KEY")).toMatchObject({ stderr: expect.stringContaining("the text of its key") });
  });

  const readLines = async (path: string): Promise<readonly string[]> =>
    (await readFile(join(project.path, path), "utf8")).trimEnd().split("\n");

  it("Kubernetes: the signer serves from the mounted Secret, and the reader may read alone", async () => {
    const [manifest = ""] = take("Kubernetes", "yaml");
    const [script = ""] = take("Kubernetes", "sh");
    await project.pretend("kubectl");
    await project.run(script, server());
    const words = await readLines("kubectl.arguments");
    expect(words.filter((word) => !word.startsWith("--from-"))).toEqual([
      ...["create", "secret", "generic", "reports-identity", "create", "configmap", "reports-aws"],
      ...["apply", "--filename", "reports.yaml"],
    ]);
    const pairs = (option: string) =>
      words.flatMap((word) => {
        const [, name = "", value = ""] = new RegExp(`^--from-${option}=([^=]+)=(.*)$`).exec(word) ?? [];
        return name === "" ? [] : [[name, value] as const];
      });
    const { spec } = deployment.parse(parse(manifest, KUBERNETES_YAML)).spec.template;
    const [signer] = spec.initContainers;
    const [app] = spec.containers;
    const [identity] = spec.volumes;
    expect(identity.secret).toEqual({ secretName: "reports-identity", defaultMode: 0o440 });

    const settings = Object.fromEntries(pairs("literal"));
    const folders: Record<string, string> = {
      "/identity": join(project.path, "identity"),
      "/run/ra": join(project.path, "token"),
    };
    await mkdir(join(project.path, "token"));
    for (const { mountPath } of [...signer.volumeMounts, ...app.volumeMounts])
      expect(folders[mountPath]).toBeDefined();
    const here = (text: string): string =>
      text
        .replace(/\/identity|\/run\/ra/, (path) => folders[path] ?? path)
        .replaceAll(/\$\((\w+)\)/g, (_all, name: string) => settings[name] ?? "");
    const mount = async (version: string): Promise<void> => {
      const folder = join(project.path, "identity");
      await mkdir(join(folder, version), { recursive: true });
      for (const [name, source] of pairs("file")) {
        await project.run(`cp "${source}" "identity/${version}/${name}"`, {});
        await chmod(join(folder, version, name), identity.secret.defaultMode);
        await symlink(join("..data", name), join(folder, name)).catch(() => {});
      }
      await symlink(version, join(folder, "..data_tmp"));
      await rename(join(folder, "..data_tmp"), join(folder, "..data"));
    };

    await mount("..2026_01");
    const port = await project.start(
      [PROGRAMS["ra-signer"], ...signer.args.map(here), "--port=0"],
      server(),
      /started on port: (\d+)/,
    );
    const variables = app.env.map(({ name, value }) => [name, here(value).replace(":9911/", `:${port}/`)]);
    expect(await tryService({ ...server(), ...settings, ...Object.fromEntries(variables) }, "c.csv")).toEqual(
      {
        written: { refused: "AccessDenied" },
        listed: { done: ["a.csv", "b.csv"] },
      },
    );

    // The Secret is replaced: the same paths hold another certificate, with its key.
    const serial = async (): Promise<unknown> => {
      const command = `node "${PROGRAMS["ra-signer"]}" read-certificate-data --certificate identity/tls.crt`;
      return JSON.parse((await project.run(command, {})).stdout).serialNumber;
    };
    const before = await serial();
    await project.run(
      "npx -p @roles-anywhere/pki ra-pki renew reports-reader && cp pki/reports-reader.pem reader/",
      {},
    );
    await mount("..2026_02");
    expect(await serial()).not.toBe(before);
    const again = signer.args
      .slice(1)
      .map(here)
      .filter((flag) => !flag.startsWith("--container-token-file"));
    const { stdout } = await project.run(
      ["node", PROGRAMS["ra-signer"], "credential-process", ...again]
        .map((word) => JSON.stringify(word))
        .join(" "),
      server(),
    );
    expect(JSON.parse(stdout)).toMatchObject({ Version: 1 });
  });

  it("has no block that was not run", () => {
    expect(blocks.filter((block) => !used.has(block))).toEqual([]);
  });
}
