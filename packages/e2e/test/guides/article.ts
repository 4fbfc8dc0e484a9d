import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { PROGRAMS, StoryError } from "../../src/story/programs.ts";
import { blocksOf } from "../support/page.ts";
import type { Block } from "../support/page.ts";
import { COMPILER_OPTIONS, makeProjectFolder } from "../support/project-folder.ts";
import type { ProjectFolder } from "../support/project-folder.ts";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

/** A CDK app around the lines of a listing. */
const cdkApp = (stackName: string, lines: string): string => `
import { readFileSync } from "node:fs";
import { CfnOutput, App, LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { CfnProfile, CfnTrustAnchor } from "aws-cdk-lib/aws-rolesanywhere";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { ExternalServer, TrustAnchor } from "@roles-anywhere/infra";
class Mine extends Stack {
  constructor() {
    super(new App(), "${stackName}", { synthesizer: new LegacyStackSynthesizer() });
    ${lines}
  }
}
new Mine();
`;

const service = (module: string): string => `
import "reflect-metadata";
import { Controller, Get, Inject, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FilesService } from "./files.service.js";
${module === "" ? "" : 'import { AwsModule } from "./aws.module.js";'}
@Controller("files")
class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService) {}
  @Get() list() { return this.files.listFiles(); }
}
@Module({ imports: [${module}], controllers: [FilesController], providers: [FilesService] })
class AppModule {}
const app = await NestFactory.create(AppModule, { logger: ["error"] });
await app.listen(0, "127.0.0.1");
console.log("listening on " + (await app.getUrl()));
`;
const TSCONFIG = { compilerOptions: COMPILER_OPTIONS, include: ["before", "after"] };

const listing = z.array(
  z.object({ fileName: z.string(), size: z.number(), lastModified: z.iso.datetime(), viewUrl: z.url() }),
);

/** Both sides of docs/from-the-article.md: the listings of the article, and what takes their place. */
export function testArticle(sandbox: () => Sandbox): void {
  let blocks: readonly Block[];
  const used = new Set<Block>();
  let article: ProjectFolder;
  let kit: ProjectFolder;

  const take = (section: string, language: string): string => {
    const block = blocks.find(
      (candidate) => candidate.section.startsWith(section) && candidate.language === language,
    );
    if (block === undefined) throw new Error(`no block ${language} under ${section}`);
    used.add(block);
    return block.text;
  };
  const administrator = () => sandbox().environments.administrator;
  const server = () => sandbox().environments.server;
  const outputsOf = async (project: ProjectFolder): Promise<Record<string, string>> => {
    const stacks = z.record(z.string(), z.record(z.string(), z.string()));
    const [outputs = {}] = Object.values(
      stacks.parse(JSON.parse(await readFile(join(project.path, "cdk-outputs.json"), "utf8"))),
    );
    return outputs;
  };
  const put = async (project: ProjectFolder): Promise<void> => {
    const s3 = administratorClient(S3Client, { sandbox: sandbox() });
    const { BucketName } = await outputsOf(project);
    await s3.send(new PutObjectCommand({ Bucket: BucketName, Key: "report.txt", Body: "from S3" }));
  };
  /** Starts a service in the folder of the kit, and opens the link to the only file that it lists. */
  const listFiles = async (folder: string, environment: Readonly<Record<string, string>>) => {
    const url = await kit.start([`out/${folder}/main.js`], environment, /listening on (http:\/\/\S+)/);
    const files = listing.parse(await (await fetch(`${url}/files`)).json());
    const seconds = files.map(({ viewUrl }) => Number(new URL(viewUrl).searchParams.get("X-Amz-Expires")));
    const contents = await Promise.all(files.map(async ({ viewUrl }) => await (await fetch(viewUrl)).text()));
    return { files: files.map(({ fileName, size }) => ({ fileName, size })), contents, seconds };
  };
  const theFile = { files: [{ fileName: "report.txt", size: 7 }], contents: ["from S3"] };

  beforeAll(async () => {
    blocks = await blocksOf("docs/from-the-article.md");
    [article, kit] = await Promise.all([makeProjectFolder(), makeProjectFolder()]);
    for (const project of [article, kit]) {
      await project.write("package.json", JSON.stringify({ private: true, type: "module" }));
      await project.write(
        "cdk.json",
        JSON.stringify({ app: "node app.ts", versionReporting: false, notices: false }),
      );
    }
    const adopt = await blocksOf("docs/adopt.md");
    const module = adopt.find(
      ({ section, language }) => section.startsWith("The NestJS") && language === "ts",
    );
    await kit.write("tsconfig.json", JSON.stringify(TSCONFIG));
    await kit.write("before/main.ts", service(""));
    await kit.write("before/files.service.ts", take("Phase 3: the service", "ts"));
    await kit.write("after/main.ts", service("AwsModule"));
    await kit.write("after/aws.module.ts", module?.text ?? "");
    await kit.write("after/files.service.ts", take("Five steps", "ts"));
    await kit.run(`node ${JSON.stringify(tsc)} -p .`, {});
  });
  afterAll(async () => {
    await Promise.all([article, kit].map((project) => project?.[Symbol.asyncDispose]()));
  });

  describe("the listings of the article", () => {
    it("make a CA and a certificate, and a stack that trusts them", async () => {
      await article.run(take("Phase 1", "sh article"), {});
      await article.write("app.ts", cdkApp("Article", take("Phase 2", "ts article")));
      await article.run(
        "npx cdk deploy --require-approval never --outputs-file cdk-outputs.json",
        administrator(),
      );
      await put(article);
      expect(Object.keys(await outputsOf(article))).toContain("TrustAnchorArn");
    });

    it("list the files, with the signer in place of AWS's helper", async () => {
      const {
        TrustAnchorArn = "",
        ProfileArn = "",
        RoleArn = "",
        BucketName = "",
      } = await outputsOf(article);
      const config = take("Phase 3: credentials", "ini article")
        .replaceAll("/etc/server/", `${article.path}/`)
        .replace("TRUST_ANCHOR_ARN", TrustAnchorArn)
        .replace("PROFILE_ARN", ProfileArn)
        .replace("ROLE_ARN", RoleArn)
        .replace("aws_signing_helper", `"${process.execPath}" "${PROGRAMS["ra-signer"]}"`);
      await mkdir(join(article.home, ".aws"));
      const AWS_CONFIG_FILE = join(article.home, ".aws", "config");
      await writeFile(AWS_CONFIG_FILE, config);
      expect(await listFiles("before", { ...server(), AWS_CONFIG_FILE, BUCKET: BucketName })).toMatchObject(
        theFile,
      );
    });
  });

  describe("what takes their place", () => {
    it("makes a CA and a certificate, and a stack that trusts them", async () => {
      await kit.run(take("Phase 1", "sh kit"), {});
      await kit.write("app.ts", cdkApp("Kit", take("Phase 2", "ts kit")));
      await kit.run(
        "npx cdk deploy --require-approval never --outputs-file cdk-outputs.json",
        administrator(),
      );
      await put(kit);
      expect(Object.keys(await outputsOf(kit))).toContain("ServerTrustAnchorArn");
    });

    it("writes a profile in which the doctor finds nothing", async () => {
      const environment = { ...server(), AWS_CONFIG_FILE: join(kit.home, ".aws", "config") };
      const { stdout } = await kit.run(take("Phase 3: credentials", "sh kit"), environment);
      expect(stdout).toMatch(/session/);
    });

    // The link of the article outlives its session, of which some seconds have gone.
    it.each([
      ["before", [3600, 3600]],
      ["after", [3000, 3599]],
    ] as const)(
      "lists the files with the profile, %s the change of the service",
      async (folder, [least, most]) => {
        const { BucketName = "" } = await outputsOf(kit);
        const AWS_CONFIG_FILE = join(kit.home, ".aws", "config");
        const environment = {
          ...server(),
          AWS_CONFIG_FILE,
          AWS_PROFILE: "roles-anywhere",
          BUCKET: BucketName,
        };
        const listed = await listFiles(folder, environment);
        expect(listed).toMatchObject(theFile);
        expect(listed.seconds[0]).toBeGreaterThanOrEqual(least);
        expect(listed.seconds[0]).toBeLessThanOrEqual(most);
      },
    );
  });

  /** Asks for a session with another certificate of the CA. */
  const askAsSomebodyElse = async (
    project: ProjectFolder,
    folder: string,
    prefix: string,
  ): Promise<string> => {
    const outputs = await outputsOf(project);
    const flags = {
      ...{ certificate: `${folder}/somebody-else.pem`, "private-key": `${folder}/somebody-else.key` },
      ...{
        "trust-anchor-arn": outputs[`${prefix}TrustAnchorArn`] ?? "",
        "profile-arn": outputs[`${prefix}ProfileArn`] ?? "",
      },
      "role-arn": outputs[`${prefix}RoleArn`] ?? "",
    };
    const words = Object.entries(flags).map(([name, value]) => `--${name} "${value}"`);
    const issue = `npx -p @roles-anywhere/pki ra-pki issue --dir ${folder} --name somebody-else`;
    const command = `node "${PROGRAMS["ra-signer"]}" credential-process ${words.join(" ")}`;
    try {
      await project.run(`${issue} && ${command}`, server());
      return "granted";
    } catch (error) {
      return error instanceof StoryError ? error.message : String(error);
    }
  };

  it("every certificate of the article's CA gets its role, also one that ra-pki issues with that CA", async () => {
    expect(await askAsSomebodyElse(article, ".", "")).toBe("granted");
  });

  it("another certificate of the kit's CA does not get the role", async () => {
    expect(await askAsSomebodyElse(kit, "pki", "Server")).toMatch(/AccessDenied/);
  });

  it("has no block that was not run", () => {
    expect(blocks.filter((block) => !used.has(block))).toEqual([]);
  });
}
