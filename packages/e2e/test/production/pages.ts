import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from "@aws-sdk/client-iam";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { administratorClient } from "../../src/aws/administrator-client.ts";
import { makeCdkFolder } from "../support/cdk-folder.ts";
import type { CdkFolder } from "../support/cdk-folder.ts";
import { askForSession } from "../support/send-create-session.ts";
import type { Outcome } from "../support/send-create-session.ts";
import { startSessionLoad } from "../support/session-load.ts";
import type { SessionLoad } from "../support/session-load.ts";
import { drills, production, scripts } from "./blocks.ts";

const stackOutputs = z.object({ Servers: z.record(z.string(), z.string()) });

/** Every command of both pages, in a folder as a person would have it. Server A works all the time. */
export function testPages(sandbox: () => Sandbox): void {
  let folder: CdkFolder;
  let outputs: Readonly<Record<string, string>>;
  let load: SessionLoad;
  beforeAll(async () => {
    folder = await makeCdkFolder(sandbox());
  });
  afterAll(async () => {
    await load?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  const arnsOf = (server: "Reader" | "Writer") => ({
    trustAnchorArn: outputs[`${server}TrustAnchorArn`] ?? "",
    profileArn: outputs[`${server}ProfileArn`] ?? "",
    roleArn: outputs[`${server}RoleArn`] ?? "",
  });
  /** One call of CreateSession with the certificate and key of these files. */
  const ask = async (
    server: "Reader" | "Writer",
    certificate: string,
    privateKey = certificate,
    moment = new Date(),
  ) =>
    await askForSession(sandbox(), {
      ...arnsOf(server),
      moment,
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
    load = startSessionLoad(sandbox(), {
      ...arnsOf("Writer"),
      certificate: join(folder.path, "server-a", "identity.pem"),
    });
    expect(await nextSessionNames(10)).toEqual([await sessionNameOf("pki/server-a.pem")]);
  });

  it("shuts out a server whose key leaked, breaks glass, and gives it a new key", async () => {
    const [revoke = "", breakGlass = "", reissue = ""] = scripts(production, "When a key leaks");
    await folder.run(revoke);
    expect(await ask("Reader", "server-b/identity.pem")).toMatchObject(refused("CRL_REVOKED"));
    const before = Date.now();
    await folder.run(breakGlass);
    // The command gives whole seconds.
    expect(await deniedBefore(sandbox(), arnsOf("Reader").roleArn)).toBeGreaterThan(before - 1000);
    expect(await deniedBefore(sandbox(), arnsOf("Writer").roleArn)).toBeUndefined();
    await folder.run(reissue);
    expect(await ask("Reader", "server-b/identity.pem")).toMatchObject(granted);
    expect(await nextSessionNames(5)).toEqual([await sessionNameOf("pki/server-a.pem")]);
  });

  it("replaces a certificate: both are granted, the server uses the new one, the old one is refused", async () => {
    const old = await sessionNameOf("pki/server-a.pem");
    const [renew = "", replace = "", revokeOld = ""] = scripts(drills, "Replace a certificate");
    await folder.run(renew);
    expect(await ask("Writer", "server-a/server-a.pem", "server-a/server-a.key")).toMatchObject(granted);
    expect(await ask("Writer", "pki/server-a.pem", "pki/server-a.key")).toMatchObject(granted);
    expect(await nextSessionNames(5)).toEqual([old]);
    await folder.run(replace);
    // The requests that were under way may have read the old file.
    await load.requests(1);
    const renewed = await sessionNameOf("pki/server-a.pem");
    expect(await nextSessionNames(10)).toEqual([renewed]);
    await folder.run(revokeOld);
    expect(await ask("Writer", "server-a/server-a.pem", "server-a/server-a.key")).toMatchObject(
      refused("CRL_REVOKED"),
    );
    expect(await nextSessionNames(10)).toEqual([renewed]);
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
    // Ten per second, over five deployments.
    expect(load.sessionNames.length).toBeGreaterThan(100);
    expect(new Set(load.sessionNames).size).toBe(3);
  });

  it("refuses a certificate after its end", async () => {
    const { rolesAnywhereEndpoint } = sandbox();
    const setClock = async (advanceSeconds: number): Promise<void> => {
      const answer = await fetch(`${rolesAnywhereEndpoint}/_mock/clock`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ advanceSeconds }),
      });
      expect(answer.status).toBe(200);
    };
    const lifeSeconds = 90 * 86_400;
    const askAfter = async (seconds: number): Promise<Outcome> =>
      await ask("Writer", "server-a/identity.pem", undefined, new Date(Date.now() + seconds * 1000));
    await setClock(lifeSeconds - 3600);
    try {
      expect(await askAfter(lifeSeconds - 3600)).toMatchObject(granted);
      await setClock(3600);
      expect(await askAfter(lifeSeconds)).toMatchObject(refused("CERTIFICATE_EXPIRED"));
    } finally {
      await fetch(`${rolesAnywhereEndpoint}/_mock/clock`, { method: "DELETE" });
    }
  });
}

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
