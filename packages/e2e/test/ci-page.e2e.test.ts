import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { runSupervised, withoutAwsSettings } from "@roles-anywhere/sandbox";
import type { RunResult } from "@roles-anywhere/sandbox";
import { startTestSandbox } from "@roles-anywhere/sandbox/testing";
import type { TestSandbox } from "@roles-anywhere/sandbox/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { administratorSettings } from "../src/aws/administrator-client.ts";
import { readSettings } from "../src/settings/read-settings.ts";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";
import { blocksOf } from "./support/page.ts";

const page = await blocksOf("docs/ci.md");
const scripts = (section: string): readonly string[] =>
  page.filter((block) => block.section === section && block.language === "sh").map(({ text }) => text);
const yamlOf = (section: string): unknown =>
  parse(page.find((block) => block.section === section && block.language === "yaml")?.text ?? "");

const BUCKET = "reports";
/** In place of the AWS CLI, which this machine may not have: `aws s3 ls s3://bucket`, with the SDK's own chain. */
const AWS = `#!/bin/sh
[ "$1 $2" = "s3 ls" ] || exit 2
printenv >environment.txt
exec node --disable-warning=ExperimentalWarning "${REPOSITORY_ROOT}/tools/workflows/in-job/list-objects.ts" "\${3#s3://}" "$ROLE_ARN"
`;

describe("the commands of docs/ci.md", { timeout: 120_000 }, () => {
  let sandbox: TestSandbox;
  let folder: string;
  let variables: Readonly<Record<string, string>>;
  let key: string;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startTestSandbox({ backend });
    const server = await sandbox.registerServer({ commonName: "ci" });
    const s3 = new S3Client({ ...administratorSettings({ sandbox }), forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: "report.txt", Body: "x" }));
    folder = await mkdtemp(join(tmpdir(), "ci-page-"));
    await mkdir(join(folder, "bin"));
    await writeFile(join(folder, "bin", "aws"), AWS);
    await chmod(join(folder, "bin", "aws"), 0o755);
    key = await readFile(server.privateKeyPath, "utf8");
    const { AWS_CONFIG_FILE: _file, AWS_PROFILE: _profile, ...environment } = sandbox.environments.server;
    variables = {
      ...environment,
      PATH: [
        join(folder, "bin"),
        join(REPOSITORY_ROOT, "node_modules", ".bin"),
        dirname(process.execPath),
        process.env["PATH"] ?? "",
      ].join(delimiter),
      HOME: folder,
      BUCKET,
      TRUST_ANCHOR_ARN: server.trustAnchorArn,
      PROFILE_ARN: server.profileArn,
      ROLE_ARN: server.roleArn,
      CLIENT_CERTIFICATE: await readFile(server.certificatePath, "utf8"),
      CLIENT_KEY: key,
    };
  });
  afterAll(async () => {
    await sandbox?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a script in an empty folder, and says what it printed and which files it left. */
  async function run(
    script: string,
    environment = variables,
  ): Promise<RunResult & { readonly files: Readonly<Record<string, string>> }> {
    const workingDirectory = await mkdtemp(join(folder, "job-"));
    const command = { command: "/bin/sh", arguments: ["-euc", script] };
    const result = await runSupervised({ ...command, environment, workingDirectory });
    const files: Record<string, string> = {};
    for (const name of await readdir(workingDirectory)) {
      const path = join(workingDirectory, name);
      files[name] = name === "pki" ? "" : await readFile(path, "utf8");
    }
    return { ...result, files };
  }
  const listed = (): RegExp =>
    new RegExp(`assumed-role/${variables["ROLE_ARN"]?.split("/")[1]}/\\S+ lists report\\.txt`);
  const keyLine = (): string => key.split("\n")[3] ?? "";

  it("make a certificate", async () => {
    const [make] = page;
    expect(await run(make?.text ?? "")).toMatchObject({ exitCode: 0, files: { pki: "" } });
  });

  it("list the bucket with a profile, and write the key nowhere", async () => {
    const [profile = ""] = scripts("Any shell");
    const { exitCode, stdout, stderr, files } = await run(profile);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(listed());
    expect(files["aws-config"]).toContain('--private-key "env:CLIENT_KEY"');
    expect(`${stdout}${stderr}${files["aws-config"]}`).not.toContain(keyLine());
  });

  it("list the bucket with variables, and without the key in the environment", async () => {
    const { exitCode, stdout, files } = await run(scripts("Any shell")[1] ?? "");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(listed());
    expect(files["environment.txt"]).toMatch(/^AWS_SECRET_ACCESS_KEY=.{20,}$/m);
    expect(files["environment.txt"]).not.toContain(keyLine());
    expect(files["environment.txt"]).not.toContain("CLIENT_KEY");
  });

  it("find out what is wrong", async () => {
    const doctor = scripts("Any shell")[2] ?? "";
    expect(await run(doctor)).toMatchObject({ exitCode: 0 });
    const other = { ...variables, ROLE_ARN: "arn:aws:iam::000000000000:role/another" };
    expect(await run(doctor, other)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/^fail {2}CreateSession .* -> /m) as string,
    });
  });

  it("start a sandbox in the background, and stop it", async () => {
    const script = scripts("The sandbox in the background")[0] ?? "";
    const { RA_BACKEND, RA_CACHE_DIR, LOCALSTACK_IMAGE, NODE_IMAGE } = process.env;
    const own = withoutAwsSettings(process.env);
    // The page takes the back end that there is; here it is that of the other tests.
    const environment = { ...own, PATH: variables["PATH"] ?? "", RA_CACHE_DIR, LOCALSTACK_IMAGE, NODE_IMAGE };
    const given = Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    const chosen = script.replace("ra-sandbox up", `ra-sandbox up --backend ${RA_BACKEND || "auto"}`);
    const { exitCode, stdout, files } = await run(chosen, Object.fromEntries(given));
    expect({ exitCode, health: stdout.includes('"s3"') }).toEqual({ exitCode: 0, health: true });
    const { endpointUrl } = z
      .object({ endpointUrl: z.string() })
      .parse(JSON.parse(files["sandbox.json"] ?? ""));
    await expect(fetch(endpointUrl)).rejects.toThrow("fetch failed");
  });

  it("list the bucket in GitLab, with base64 in the variables", async () => {
    const { list } = z.object({ list: z.object({ script: z.array(z.string()) }) }).parse(yamlOf("GitLab CI"));
    const base64 = (name: string): string => Buffer.from(variables[name] ?? "").toString("base64");
    const environment = {
      ...variables,
      CLIENT_CERTIFICATE: base64("CLIENT_CERTIFICATE"),
      CLIENT_KEY: base64("CLIENT_KEY"),
    };
    const { exitCode, stdout } = await run(list.script.join("\n"), environment);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(listed());
  });

  it("give the actions inputs that they have, and all that they need", async () => {
    const jobs = z.object({
      jobs: z.record(
        z.string(),
        z.object({
          steps: z.array(
            z.object({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() }),
          ),
        }),
      ),
    });
    const action = z.object({
      inputs: z.record(z.string(), z.object({ required: z.boolean().optional() })),
    });
    const steps = ["GitHub Actions", "Tests against the sandbox"].flatMap((section) =>
      Object.values(jobs.parse(yamlOf(section)).jobs).flatMap((job) => job.steps),
    );
    const own = steps.flatMap((step) => {
      const [, name] = /\/(\.github\/actions\/[\w-]+)@/.exec(step.uses ?? "") ?? [];
      return name === undefined ? [] : [{ name, given: Object.keys(step.with ?? {}) }];
    });
    expect(own.map(({ name }) => name)).toEqual([".github/actions/assume-role", ".github/actions/sandbox"]);
    for (const { name, given } of own) {
      const text = await readFile(join(REPOSITORY_ROOT, name, "action.yml"), "utf8");
      const { inputs } = action.parse(parse(text));
      expect(Object.keys(inputs)).toEqual(expect.arrayContaining(given));
      const needed = Object.entries(inputs).filter(([, { required }]) => required === true);
      expect(given).toEqual(expect.arrayContaining(needed.map(([input]) => input)));
    }
  });
});
