import { CloudFormationClient, ListStacksCommand } from "@aws-sdk/client-cloudformation";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { makeAuthority, makeCrl } from "@roles-anywhere/testing";
import { CfnProfile } from "aws-cdk-lib/aws-rolesanywhere";
import { LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { addEverything, everythingAfter, readEverything } from "./change/everything.ts";
import type { Step } from "./change/everything.ts";
import { heldOf, readBack } from "./change/read-back.ts";
import { addStack } from "./change/stacks.ts";
import type { Settings } from "./change/stacks.ts";
import { administratorClient } from "../src/aws/administrator-client.ts";
import { createCdk } from "../src/aws/cdk.ts";
import type { Cdk, Outputs } from "../src/aws/cdk.ts";
import { callControlPlane } from "../src/aws/control-plane.ts";

const root = makeAuthority();
const nextRoot = makeAuthority({ subject: [["CN", "Next root"]] });
const crlOf = (...revoked: bigint[]): string => makeCrl(root, { revoked }).toString();

/** The CRL of the stack with everything after each step. A signature with this key differs each time. */
const CRLS: Readonly<Record<Step, string>> = { 0: crlOf(), 1: crlOf(1n), 2: crlOf(1n, 2n) };

const FIRST: Settings = {
  name: "first",
  caCertificatePem: root.certificatePem,
  roles: { Reader: ["server-a"] },
  durationSeconds: 3600,
};

/** One stack for each kind of change: its settings at first, after a change, and after a second one. */
const CHANGES: Readonly<Record<string, readonly [Settings, Settings, Settings]>> = {
  Name: [FIRST, { ...FIRST, name: "second" }, FIRST],
  Bundle: [
    FIRST,
    { ...FIRST, caCertificatePem: root.certificatePem + nextRoot.certificatePem },
    { ...FIRST, caCertificatePem: nextRoot.certificatePem },
  ],
  Roles: [
    FIRST,
    { ...FIRST, roles: { Reader: ["server-a", "server-b"], Writer: ["server-b"] } },
    { ...FIRST, roles: { Writer: ["server-c"] } },
  ],
  Duration: [FIRST, { ...FIRST, durationSeconds: 43_200 }, { ...FIRST, durationSeconds: 900 }],
  Mappings: [FIRST, { ...FIRST, subjectTags: ["CN", "OU"] }, FIRST],
  Crl: [FIRST, { ...FIRST, crlPem: crlOf(7n) }, { ...FIRST, crlPem: crlOf(7n, 8n) }],
  CrlRemoved: [{ ...FIRST, crlPem: crlOf(7n) }, FIRST, FIRST],
};
/** A stack with every property of every construct; most of them change with each step. */
const EVERYTHING = "Everything";
const NAMES = [...Object.keys(CHANGES), EVERYTHING];
/** Half of the stacks are deployed as the CDK does by default, and need `cdk bootstrap`. */
const BOOTSTRAPPED = new Set(Object.keys(CHANGES).filter((_, index) => index % 2 === 0));

const define =
  (step: Step, names: readonly string[] = NAMES) =>
  (app: App) => {
    for (const [name, settings] of Object.entries(CHANGES)) {
      if (names.includes(name)) addStack(app, name, settings[step], BOOTSTRAPPED.has(name));
    }
    if (names.includes(EVERYTHING)) addEverything(app, step, root.certificatePem, CRLS[step]);
  };

describe("deploy, change, destroy", { timeout: 300_000 }, () => {
  let sandbox: Sandbox;
  let cdk: Cdk;
  let outputs: Outputs;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    // `cdk bootstrap` makes a repository for images; the alarms need the others.
    sandbox = await startSandbox({ backend, services: ["ecr", "cloudwatch", "events", "sns"] });
    cdk = createCdk(sandbox);
  });
  afterAll(() => sandbox?.stop());

  /** Every stack holds what its settings say, so a change of one property changed no other. */
  const expectSettings = async (step: Step): Promise<void> => {
    for (const [name, settings] of Object.entries(CHANGES)) {
      const held = await readBack(sandbox, outputs[name]);
      expect({ name, ...held }).toEqual({
        name,
        ...heldOf(settings[step], outputs[name]?.["TrustAnchorArn"]),
      });
    }
    const everything = outputs[EVERYTHING] ?? {};
    expect(await readEverything(sandbox, everything)).toMatchObject(
      everythingAfter(step, everything, CRLS[step]),
    );
  };
  /** The names of the stacks that `cdk diff` finds changed. */
  const changedStacks = async (step: Step): Promise<readonly string[]> => {
    const { exitCode, stdout, stderr } = await cdk.diff(define(step));
    const changed = [...(stdout + stderr).matchAll(/^Stack (\w+).*\n(?!There were no differences)/gm)];
    const names = changed.flatMap(([, name = ""]) => name);
    expect({ exitCode, output: stdout + stderr }).toMatchObject({ exitCode: names.length === 0 ? 0 : 1 });
    return names.toSorted();
  };

  it("an environment without bootstrap takes the stacks that need none, and no others", async () => {
    const [refused, deployed] = await Promise.all([
      cdk.tryToDeploy(define(0, ["Name"])),
      cdk.deploy(
        define(
          0,
          NAMES.filter((name) => !BOOTSTRAPPED.has(name)),
        ),
      ),
    ]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/bootstrap/) });
    expect(Object.keys(deployed).toSorted()).toEqual(
      NAMES.filter((name) => !BOOTSTRAPPED.has(name)).toSorted(),
    );
  });

  it("a creation without a change set fails with the reason", async () => {
    const refused = await cdk.tryToDeploy((app) => {
      const stack = new Stack(app, "Refused", { synthesizer: new LegacyStackSynthesizer() });
      // oxlint-disable-next-line eslint/no-new -- a construct adds itself to its scope
      new CfnProfile(stack, "Profile", { name: "profile", roleArns: [], durationSeconds: 43_201 });
    }, "direct");
    await cdk.destroy((app) => void new Stack(app, "Refused", { synthesizer: new LegacyStackSynthesizer() }));
    // `cdk` breaks the lines of a reason.
    expect({ ...refused, stderr: refused.stderr.replaceAll(/\s+/g, " ") }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Value '43201' at 'durationSeconds' failed to satisfy constraint"),
    });
  });

  it("a bootstrapped environment takes all, and each property is what the settings say", async () => {
    await cdk.bootstrap(define(0));
    outputs = await cdk.deploy(define(0));
    await expectSettings(0);
    expect(await changedStacks(0)).toEqual([]);
  });

  it("each change arrives, in place", async () => {
    expect(await changedStacks(1)).toEqual(NAMES.toSorted());
    expect(await cdk.deploy(define(1))).toEqual(outputs);
    await expectSettings(1);
    expect(await changedStacks(1)).toEqual([]);
  });

  it("so does the next one, which takes some of them back", async () => {
    expect(await changedStacks(2)).toEqual(NAMES.filter((name) => name !== "CrlRemoved").toSorted());
    expect(await cdk.deploy(define(2))).toEqual(outputs);
    await expectSettings(2);
    expect(await changedStacks(2)).toEqual([]);
  });

  it("destroy leaves nothing", async () => {
    await cdk.destroy(define(2));
    for (const list of ["trustAnchors", "profiles", "crls"]) {
      expect(await callControlPlane(sandbox, "GET", `/${list.toLowerCase()}`)).toEqual({ [list]: [] });
    }
    const { Roles = [] } = await administratorClient(IAMClient, { sandbox }).send(new ListRolesCommand());
    expect(Roles.map(({ RoleName = "" }) => RoleName).filter((name) => !name.startsWith("cdk-"))).toEqual([]);
    const { StackSummaries = [] } = await administratorClient(CloudFormationClient, { sandbox }).send(
      new ListStacksCommand(),
    );
    const left = StackSummaries.filter(({ StackStatus }) => StackStatus !== "DELETE_COMPLETE");
    expect(left.map(({ StackName }) => StackName)).toEqual(["CDKToolkit"]);
  });
});
