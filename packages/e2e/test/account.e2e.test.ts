import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient, CreateStackCommand, DeleteStackCommand } from "@aws-sdk/client-cloudformation";
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyBucket } from "../src/account/destroy-stack.ts";
import { STAND_IN_VARIABLE } from "../src/account/stand-in.ts";
import { clientSettings, sandboxCloud } from "../src/aws/cloud.ts";
import { readSettings } from "../src/settings/read-settings.ts";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";
import { takeAllProfiles } from "./account/all-profiles.ts";
import { everythingIn, leftOf } from "./account/left.ts";
import {
  ACCOUNT,
  IN_ACCOUNT,
  REGION,
  stackNameOf,
  startAccountDemo,
  startOnTerminal,
  withoutAws,
  withStandIn,
} from "./account/run-demo.ts";
import type { Variables } from "./account/run-demo.ts";
import { startSlowIam } from "./account/slow-iam.ts";
import { guardVariables } from "./support/no-aws/variables.ts";
import { startRun } from "./support/own-run.ts";
import type { OwnRun } from "./support/own-run.ts";

const { backend } = readSettings(process.env);

/** The demo in an account, with a sandbox that enforces policies in the role of AWS. All of it are processes. */
describe.skipIf(backend === "docker")("the demo in an account", { timeout: 300_000 }, () => {
  let sandbox: Sandbox;
  let home: string;
  const standIn = (): Variables => withStandIn(sandbox, home);
  const foldersOf = async (run: OwnRun): Promise<string[]> =>
    (await readdir(run.temporaryFolder)).filter((name) => name.startsWith("ra-account-"));
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "no-home-"));
    sandbox = await startSandbox({
      ...{ backend: "process", accountId: ACCOUNT, region: REGION, enforceIam: true },
    });
  });
  afterAll(async () => {
    await sandbox?.stop();
    await rm(home, { recursive: true, force: true });
  });

  describe("creates nothing", () => {
    interface Row {
      readonly title: string;
      readonly flags: readonly string[];
      /** What differs from the environment in which the sandbox answers in the role of AWS. */
      readonly environment?: Variables;
      readonly message: string;
    }
    const rows: readonly Row[] = [
      {
        title: "with the credentials of another account",
        flags: ["--yes"],
        environment: { AWS_ACCESS_KEY_ID: "210987654321" },
        message: `these credentials are of account 210987654321 (arn:aws:iam::210987654321:root), and --account is ${ACCOUNT}. Nothing was created`,
      },
      {
        title: "without a terminal to ask on",
        flags: [],
        message: "nothing was created: there is no terminal to ask on. Give --yes",
      },
      {
        title: "with the test switch and a key of AWS",
        flags: ["--yes"],
        environment: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" },
        message: `${STAND_IN_VARIABLE} is set, so AWS_ACCESS_KEY_ID must be an account id`,
      },
      {
        title: "with the test switch and a host of AWS",
        flags: ["--yes"],
        environment: { [STAND_IN_VARIABLE]: "https://sts.amazonaws.com https://s3.amazonaws.com" },
        message: `${STAND_IN_VARIABLE} is "https://sts.amazonaws.com https://s3.amazonaws.com"; it is for tests`,
      },
      {
        title: "with the test switch and another machine",
        flags: ["--yes"],
        environment: { [STAND_IN_VARIABLE]: "http://10.0.0.1:4566 http://10.0.0.1:9912" },
        message: "it is for tests, which give two URLs at 127.0.0.1",
      },
      {
        title: "when it is to destroy a stack that is not there",
        flags: ["--destroy", "RolesAnywhereDemo-1"],
        message: `account ${ACCOUNT} has no stack RolesAnywhereDemo-1 in ${REGION}`,
      },
    ];
    it.each(rows)("$title", async ({ flags, environment, message }) => {
      await using demo = await startAccountDemo([...IN_ACCOUNT, ...flags], { ...standIn(), ...environment });
      expect(await demo.exited).toEqual({ code: 1, signal: null });
      expect(demo.output()).toContain(message);
      expect(await everythingIn(sandbox)).toEqual([]);
    });

    it.each([
      ["any other answer than yes", "y\n", "nothing was created: the answer was not yes", 1],
      ["the end of the input", "\u0004", "nothing was created: the answer was not yes", 1],
      ["Ctrl-C at the question", "\u0003", "interrupted", 130],
    ])("after %s", async (_title, typed, message, code) => {
      await using demo = await startOnTerminal(IN_ACCOUNT, standIn());
      await demo.waitFor(/Create this in account 123456789012\? Type yes: /);
      demo.child.stdin?.write(typed);
      expect(await demo.exited).toEqual({ code, signal: null });
      expect(demo.output()).toContain(message);
      expect(await everythingIn(sandbox)).toEqual([]);
    });
  });

  describe("without the test switch", () => {
    /** Runs the demo under guard, and returns the hosts of AWS that its programs wanted to reach. */
    const hostsOf = async (environment: Variables): Promise<{ demo: OwnRun; hosts: string[] }> => {
      const log = join(home, "refused.log");
      await writeFile(log, "");
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--yes"], {
        ...withoutAws(home),
        ...guardVariables(log, process.env),
        ...environment,
      });
      expect(await demo.exited).toEqual({ code: 1, signal: null });
      const hosts = (await readFile(log, "utf8")).split("\n").map((line) => line.split(" ")[0] ?? "");
      return { demo, hosts: [...new Set(hosts)].filter((host) => host !== "") };
    };

    it("the demo asks nobody when there are no credentials", async () => {
      const { demo, hosts } = await hostsOf({});
      expect(hosts).toEqual([]);
      expect(demo.output()).toContain("demo: no AWS credentials were found (");
    });

    // This also proves that the guard, under which all end-to-end tests run, sees a program that would reach AWS.
    it("the demo asks STS in the region first, and nobody when STS does not answer", async () => {
      const { demo, hosts } = await hostsOf({
        AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY: "example",
        // A shell with the settings of LocalStack still means AWS by `--backend aws`.
        AWS_ENDPOINT_URL: sandbox.endpointUrl,
      });
      expect(hosts).toEqual([`sts.${REGION}.amazonaws.com`]);
      expect(demo.output()).toContain(
        `demo: STS at https://sts.${REGION}.amazonaws.com did not say whose these AWS credentials are`,
      );
    });
  });

  describe("leaves nothing behind", () => {
    const nothingIsLeft = async (demo: OwnRun): Promise<void> => {
      expect(await leftOf(sandbox, stackNameOf(demo))).toEqual([]);
      expect(await demo.processes()).toEqual([]);
      expect(await foldersOf(demo)).toEqual([]);
    };

    it.concurrent.each([
      { moment: "in phase 1", pattern: /Phase 1/, hasStack: false },
      { moment: "before CloudFormation has the stack", pattern: /\$ cdk deploy/, hasStack: true },
      { moment: "while the stack is made", pattern: /CREATE_COMPLETE  AWS::S3::Bucket /, hasStack: true },
      { moment: "in phase 3", pattern: /Starting the NestJS app/, hasStack: true },
    ])("after Ctrl-C $moment", async ({ pattern, hasStack }) => {
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--yes", "--keep"], standIn());
      await demo.waitFor(pattern);
      demo.pressCtrlC();
      expect({ exit: await demo.exited, output: demo.output() }).toMatchObject({
        exit: { code: 130, signal: null },
      });
      expect(/stack \S+ is destroyed/.test(demo.output())).toBe(hasStack);
      await nothingIsLeft(demo);
    });

    it.concurrent.each([
      { phase: "phase 1 (ra-pki)", program: "pki/dist/cli/main.cjs", hasStack: false },
      { phase: "phase 2 (cdk)", program: "aws-cdk/bin/cdk", hasStack: false },
      { phase: "phase 2 (upload)", program: "upload-sample-objects.js", hasStack: true },
      { phase: "phase 3 (signer)", program: "signer/dist/cli/main.cjs", hasStack: true },
      { phase: "phase 3 (app)", program: "nestjs-s3/dist/main.js", hasStack: true },
    ])("after a failure in $phase", async ({ program, hasStack }) => {
      const { NODE_OPTIONS = "" } = process.env;
      const failure = join(home, `fail-${program.replaceAll("/", "-")}`.replace(/(\.js)?$/, ".cjs"));
      await writeFile(
        failure,
        `if (process.argv[1]?.endsWith(${JSON.stringify(program)})) { console.error("made to fail"); process.exit(1); }`,
      );
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--yes"], {
        ...standIn(),
        NODE_OPTIONS: `${NODE_OPTIONS} --require "${failure}"`,
      });
      expect({ exit: await demo.exited, output: demo.output() }).toMatchObject({
        exit: { code: 1, signal: null },
        output: expect.stringContaining("made to fail"),
      });
      expect(/stack \S+ is destroyed/.test(demo.output())).toBe(hasStack);
      await nothingIsLeft(demo);
    });

    it.concurrent("when the terminal is closed", async () => {
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--yes"], standIn());
      await demo.waitFor(/\$ cdk deploy/);
      const stackName = stackNameOf(demo);
      // What it writes from now on fails.
      demo.child.stdout?.destroy();
      demo.child.stderr?.destroy();
      demo.child.kill("SIGHUP");
      expect(await demo.exited).toEqual({ code: 130, signal: null });
      expect(await leftOf(sandbox, stackName)).toEqual([]);
      expect(await foldersOf(demo)).toEqual([]);
    });

    it("after a stack that CloudFormation could not make", async () => {
      await using _full = await takeAllProfiles(sandbox);
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--yes"], standIn());
      expect({ exit: await demo.exited, output: demo.output() }).toMatchObject({
        exit: { code: 1, signal: null },
        output: expect.stringMatching(/CREATE_FAILED +AWS::RolesAnywhere::Profile .*Limit of 250 profiles/),
      });
      expect(demo.output()).toMatch(/stack \S+ is destroyed/);
      await nothingIsLeft(demo);
    });

    it("in the whole account", async () => {
      expect(await everythingIn(sandbox)).toEqual([]);
    });
  });

  describe("with --keep", () => {
    let stackName: string;
    let command: string;

    it("runs the whole story, with a role that IAM knows late, and says how to destroy the stack", async () => {
      await using iam = await startSlowIam(sandbox.rolesAnywhereEndpoint, 2);
      const script = join(REPOSITORY_ROOT, "scripts/demo");
      await using demo = await startRun(script, [...IN_ACCOUNT, "--yes", "--keep"], {
        ...standIn(),
        [STAND_IN_VARIABLE]: `${sandbox.endpointUrl} ${iam.url}`,
      });
      await demo.waitFor(/Ctrl-C stops the app/);
      expect(iam.refused()).toBe(2);
      stackName = stackNameOf(demo);
      expect(demo.output()).toContain(`account  ${ACCOUNT}, as arn:aws:iam::${ACCOUNT}:root`);
      expect(demo.output()).toContain("AWS::RolesAnywhere::TrustAnchor  no charge");
      expect(demo.output()).toContain("cost     less than 0.01 US dollar");
      expect(demo.output()).toContain(`"arn": "arn:aws:sts::${ACCOUNT}:assumed-role/${stackName}-Role`);
      expect(demo.output()).toContain('"warehouse": "Rotterdam"');
      const [, url = ""] = /Open (http:\S+) in a browser/.exec(demo.output()) ?? [];
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);

      demo.pressCtrlC();
      expect(await demo.exited).toEqual({ code: 0, signal: null });
      [, command = ""] = /Destroy it later with:\n +\$ (.+)/.exec(demo.output()) ?? [];
      expect(await demo.processes()).toEqual([]);
      expect(await foldersOf(demo)).toEqual([]);
      expect(await leftOf(sandbox, stackName)).toEqual([
        `stack ${stackName} CREATE_COMPLETE`,
        expect.stringMatching(`^role ${stackName}-Role`),
        `trust anchor ${stackName}`,
        `profile ${stackName}`,
      ]);
    });

    it("the command destroys it, with all versions of the objects", async () => {
      const cloud = sandboxCloud(sandbox);
      const s3 = new S3Client({ ...clientSettings(cloud, "s3"), forcePathStyle: true });
      const [bucket = ""] = (await everythingIn(sandbox)).flatMap((line) =>
        line.startsWith("bucket ") ? [line.slice(7)] : [],
      );
      const object = { Bucket: bucket, Key: "changed.txt" };
      await s3.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: "Enabled" } }),
      );
      await s3.send(new PutObjectCommand({ ...object, Body: "one" }));
      await s3.send(new PutObjectCommand({ ...object, Body: "two" }));
      await s3.send(new DeleteObjectCommand(object));
      const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect([Versions?.length, DeleteMarkers?.length]).toEqual([5, 1]);

      // As a person would paste it, in the folder of the clone.
      await using destroy = await startRun("sh", ["-c", `cd '${REPOSITORY_ROOT}' && ${command}`], standIn());
      expect({ exit: await destroy.exited, output: destroy.output() }).toMatchObject({
        exit: { code: 0 },
        output: expect.stringMatching(/6 versions of objects removed\n.*stack \S+ is destroyed/),
      });
      expect(await everythingIn(sandbox)).toEqual([]);
    });
  });

  // LocalStack's CloudFormation deletes a bucket with objects, which AWS refuses. Its S3 refuses it as well.
  it("empties a bucket until S3 lets it be deleted", async () => {
    const s3 = new S3Client({ ...clientSettings(sandboxCloud(sandbox), "s3"), forcePathStyle: true });
    const object = { Bucket: "with-versions", Key: "changed.txt" };
    const { Bucket } = object;
    const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    for (const Body of ["one", "two"]) await s3.send(new PutObjectCommand({ ...object, Body }));
    await s3.send(new DeleteObjectCommand(object));
    await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toThrow("not empty");

    expect(await emptyBucket(s3, Bucket)).toBe(3);
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await emptyBucket(s3, Bucket)).toBe(0);
  });

  it("leaves a stack alone that it did not make", async () => {
    const StackName = "RolesAnywhereDemo-of-somebody-else";
    const client = new CloudFormationClient(clientSettings(sandboxCloud(sandbox), "cloudformation"));
    const TemplateBody = JSON.stringify({
      Resources: { Wait: { Type: "AWS::CloudFormation::WaitConditionHandle" } },
    });
    await client.send(new CreateStackCommand({ StackName, TemplateBody }));
    try {
      await using demo = await startAccountDemo([...IN_ACCOUNT, "--destroy", StackName], standIn());
      expect(await demo.exited).toEqual({ code: 1, signal: null });
      expect(demo.output()).toContain(`stack ${StackName} has not the tag roles-anywhere-kit=demo`);
      expect(await leftOf(sandbox, StackName)).toEqual([`stack ${StackName} CREATE_COMPLETE`]);
    } finally {
      await client.send(new DeleteStackCommand({ StackName }));
    }
  });

  it("the same story passes as tests", async () => {
    await using tests = await startRun("npm", ["run", "test:aws"], {
      ...standIn(),
      ...{ RA_AWS_ACCOUNT: ACCOUNT, RA_AWS_REGION: REGION, NO_COLOR: "1" },
    });
    const { code } = await tests.exited;
    expect({ code, output: tests.output() }).toMatchObject({
      code: 0,
      output: expect.stringMatching(/Tests +44 passed \(44\)/),
    });
    expect(await everythingIn(sandbox)).toEqual([]);
  });
});
