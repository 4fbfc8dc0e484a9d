import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from "@aws-sdk/client-iam";
import { evaluatePolicy, parsePolicy } from "@roles-anywhere/iam-policy";
import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readSettings } from "../src/settings/read-settings.ts";
import { runProgram } from "../src/story/programs.ts";
import { administratorClient } from "./support/administrator-client.ts";
import { makeCdkFolder } from "./support/cdk-folder.ts";
import type { CdkFolder } from "./support/cdk-folder.ts";
import { blocksOf } from "./support/page.ts";
import type { Block } from "./support/page.ts";
import { askForSession } from "./support/send-create-session.ts";
import type { Outcome } from "./support/send-create-session.ts";
import { startSessionLoad } from "./support/session-load.ts";
import type { SessionLoad } from "./support/session-load.ts";

const stackOutputs = z.object({ Servers: z.record(z.string(), z.string()) });

const production = await blocksOf("docs/production.md");
const drills = await blocksOf("docs/drills.md");
/** The scripts of one section, in the order of its steps. */
const scripts = (page: readonly Block[], section: string): readonly string[] =>
  page.filter((block) => block.section === section && block.language === "sh").map(({ text }) => text);

/** Every command of both pages, in a folder as a person would have it. Server A works all the time. */
describe("in production, and the drills", { timeout: 120_000 }, () => {
  let sandbox: Sandbox;
  let folder: CdkFolder;
  let outputs: Readonly<Record<string, string>>;
  let load: SessionLoad;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startSandbox({ backend, services: ["cloudwatch", "events", "sns"] });
    folder = await makeCdkFolder(sandbox);
  });
  afterAll(async () => {
    await load?.stop();
    await folder?.[Symbol.asyncDispose]();
    await sandbox?.stop();
  });

  const arnsOf = (server: "Reader" | "Writer") => ({
    trustAnchorArn: outputs[`${server}TrustAnchorArn`] ?? "",
    profileArn: outputs[`${server}ProfileArn`] ?? "",
    roleArn: outputs[`${server}RoleArn`] ?? "",
  });
  /** One call of CreateSession with the certificate and key of these files. */
  const ask = async (server: "Reader" | "Writer", certificate: string, privateKey = certificate) =>
    await askForSession(sandbox, {
      ...arnsOf(server),
      certificate: join(folder.path, certificate),
      privateKey: join(folder.path, privateKey),
    });
  const granted: Partial<Outcome> = { status: 201 };
  const refused = (reason: string) => ({ status: 403, audit: { _mock: { verdict: "refused", reason } } });
  /** The session name that a certificate gives: its serial number, in lower case. */
  const sessionNameOf = async (path: string): Promise<string> =>
    new X509Certificate(await readFile(join(folder.path, path))).serialNumber.toLowerCase();
  /** The session names of so many more requests of server A. */
  const nextSessionNames = async (count: number): Promise<readonly string[]> => {
    const before = load.sessionNames.length;
    await load.requests(count);
    return [...new Set(load.sessionNames.slice(before))];
  };

  it("sets up a CA, a stack and two servers", async () => {
    const blocks = production.filter(({ section }) => section === "Set up");
    const textOf = (language: string): string =>
      blocks.find((block) => block.language === language)?.text ?? "";
    await writeFile(join(folder.path, "app.ts"), textOf("ts"));
    await writeFile(join(folder.path, "cdk.json"), textOf("json"));
    for (const script of scripts(production, "Set up")) await folder.run(script);

    outputs = stackOutputs.parse(
      JSON.parse(await readFile(join(folder.path, "cdk-outputs.json"), "utf8")),
    ).Servers;
    expect(await ask("Writer", "server-a/identity.pem")).toMatchObject(granted);
    expect(await ask("Reader", "server-b/identity.pem")).toMatchObject(granted);
    expect(await ask("Writer", "server-b/identity.pem")).toMatchObject(refused("TRUST_POLICY_DENIED"));
    load = startSessionLoad(sandbox, {
      ...arnsOf("Writer"),
      certificate: join(folder.path, "server-a", "identity.pem"),
    });
    expect(await nextSessionNames(10)).toEqual([await sessionNameOf("pki/server-a.pem")]);
  });

  it("breaks glass and gives a server whose key leaked a new one", async () => {
    const [breakGlass = "", reissue = ""] = scripts(production, "When a key leaks");
    const before = Date.now();
    await folder.run(breakGlass);
    expect(await deniedBefore(sandbox, arnsOf("Reader").roleArn)).toBeGreaterThan(before - 1000);
    expect(await deniedBefore(sandbox, arnsOf("Writer").roleArn)).toBeUndefined();
    await folder.run(reissue);
    expect(await ask("Reader", "server-b/identity.pem")).toMatchObject(granted);
  });

  it("replaces a certificate: old and new are granted, then the server uses the new one", async () => {
    const old = await sessionNameOf("pki/server-a.pem");
    const [issue = "", replace = ""] = scripts(drills, "Replace a certificate");
    await folder.run(issue);
    expect(await ask("Writer", "server-a/old/server-a.pem", "server-a/old/server-a.key")).toMatchObject(
      granted,
    );
    expect(await ask("Writer", "pki/server-a.pem", "pki/server-a.key")).toMatchObject(granted);
    expect(await nextSessionNames(5)).toEqual([old]);
    await folder.run(replace);
    // The requests that were under way may have read the old file.
    await load.requests(1);
    expect(await nextSessionNames(10)).toEqual([await sessionNameOf("pki/server-a.pem")]);
  });

  it("replaces a CA: both are trusted, then the old one is refused", async () => {
    const old = await sessionNameOf("pki/server-a.pem");
    const [trustBoth = "", reissue = "", removeOld = ""] = scripts(drills, "Replace a CA");
    await folder.run(trustBoth);
    expect(await nextSessionNames(10)).toEqual([old]);

    await folder.run(reissue);
    const renewed = await sessionNameOf("pki-2/server-a.pem");
    expect(await ask("Writer", "pki/server-a.pem", "pki/server-a.key")).toMatchObject(granted);
    expect(await ask("Writer", "pki-2/server-a.pem", "pki-2/server-a.key")).toMatchObject(granted);
    await load.requests(1);
    expect(await nextSessionNames(10)).toEqual([renewed]);

    await folder.run(removeOld);
    expect(await nextSessionNames(10)).toEqual([renewed]);
    expect(await ask("Writer", "pki/server-a.pem", "pki/server-a.key")).toMatchObject(
      refused("CHAIN_UNTRUSTED"),
    );
    expect(await ask("Reader", "server-b/identity.pem")).toMatchObject(refused("CHAIN_UNTRUSTED"));
  });

  it("loses no request of the server that worked all the time", async () => {
    await load.stop();
    expect(load.failures).toEqual([]);
    // Ten per second, over three deployments.
    expect(load.sessionNames.length).toBeGreaterThan(100);
    expect(new Set(load.sessionNames).size).toBe(3);
  });
});

const container = z.object({ args: z.array(z.string()).optional() });
const deployment = z.object({
  kind: z.literal("Deployment"),
  spec: z.object({
    template: z.object({
      spec: z.object({ initContainers: z.array(container), containers: z.array(container) }),
    }),
  }),
});

/** The parts of the page that need Docker, Kubernetes or a real account. */
describe("what the page says and no test runs", () => {
  const signerHelp = async (command: string): Promise<string> =>
    (await runProgram("ra-signer", { arguments: [command, "--help"], environment: {} })).stdout;

  it("the manifests are YAML, and the signer knows the flags of its container", async () => {
    const manifests = production.filter(({ language }) => language === "yaml");
    const documents: readonly unknown[] = manifests.map(({ text }) => parse(text));
    expect(documents).toMatchObject([{ kind: "Certificate" }, { kind: "Deployment" }]);
    const [signer] = deployment.parse(documents[1]).spec.template.spec.initContainers;
    const [command = "", ...flags] = signer?.args ?? [];
    expect(command).toBe("serve");
    const help = await signerHelp(command);
    for (const flag of flags) expect(help).toContain(`  ${flag.split("=")[0]} `);
  });

  it("the signer knows the flags of the Docker commands", async () => {
    const script = production.find(
      ({ section, text }) => section === "Docker" && text.startsWith("docker run"),
    )?.text;
    const [, line = ""] = /ra-signer serve ((?:.*\\\n)*.*)$/m.exec(script ?? "") ?? [];
    const flags = line.match(/--[\w-]+/g) ?? [];
    expect(flags).toHaveLength(5);
    const help = await signerHelp("serve");
    for (const flag of flags) expect(help).toContain(`  ${flag} `);
  });

  describe("the deployer's policy", () => {
    const text = production.find(({ section }) => section === "Permissions of the deployer")?.text ?? "";
    const policy = parsePolicy(text, { kind: "identity" });
    const effectOf = (action: string, resource: string, context = {}): string =>
      evaluatePolicy(policy, { action, resource, context }).effect;
    const role = "arn:aws:iam::111122223333:role/Servers-ReaderRole0123";

    it("lets roles be passed to Roles Anywhere alone", () => {
      const passedTo = (service: string) => ({ "iam:PassedToService": service });
      expect(effectOf("iam:PassRole", role, passedTo("rolesanywhere.amazonaws.com"))).toBe("Allow");
      expect(effectOf("iam:PassRole", role, passedTo("ec2.amazonaws.com"))).toBe("ImplicitDeny");
      const other = role.replace("Servers", "Other");
      expect(effectOf("iam:PassRole", other, passedTo("rolesanywhere.amazonaws.com"))).toBe("ImplicitDeny");
    });

    it("does not reach other stacks and other roles", () => {
      const stack = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Servers/1";
      expect(effectOf("cloudformation:ExecuteChangeSet", stack)).toBe("Allow");
      expect(effectOf("cloudformation:ExecuteChangeSet", stack.replace("Servers", "Other"))).toBe(
        "ImplicitDeny",
      );
      expect(effectOf("iam:PutRolePolicy", role)).toBe("Allow");
      expect(effectOf("iam:PutRolePolicy", role.replace("Servers", "Other"))).toBe("ImplicitDeny");
      expect(effectOf("iam:CreateUser", "arn:aws:iam::111122223333:user/Servers-1")).toBe("ImplicitDeny");
    });
  });
});

const denial = z.object({
  Statement: z.tuple([
    z.object({
      Effect: z.literal("Deny"),
      Action: z.literal("*"),
      Resource: z.literal("*"),
      Condition: z.object({ DateLessThan: z.object({ "aws:TokenIssueTime": z.iso.datetime() }) }),
    }),
  ]),
});

/** The time before which the sessions of a role are denied everything, in milliseconds. */
async function deniedBefore(sandbox: Sandbox, roleArn: string): Promise<number | undefined> {
  const iam = administratorClient(IAMClient, { sandbox });
  const RoleName = roleArn.split("/").at(-1);
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const policy = denial.safeParse(JSON.parse(decodeURIComponent(PolicyDocument)));
    if (policy.success) {
      return Date.parse(policy.data.Statement[0].Condition.DateLessThan["aws:TokenIssueTime"]);
    }
  }
  return undefined;
}
