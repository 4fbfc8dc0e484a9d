import { X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readSettings } from "../src/settings/read-settings.ts";
import { makeCdkFolder } from "./support/cdk-folder.ts";
import type { CdkFolder } from "./support/cdk-folder.ts";
import { blocksOf } from "./support/page.ts";
import { askForSession } from "./support/send-create-session.ts";
import type { Outcome } from "./support/send-create-session.ts";
import { startSessionLoad } from "./support/session-load.ts";
import type { SessionLoad } from "./support/session-load.ts";

const outputsFile = z.object({
  Servers: z
    .object({ ATrustAnchorArn: z.string(), AProfileArn: z.string(), ARoleArn: z.string() })
    .transform((outputs) => ({
      trustAnchorArn: outputs.ATrustAnchorArn,
      profileArn: outputs.AProfileArn,
      roleArn: outputs.ARoleArn,
    })),
});
type Arns = z.infer<typeof outputsFile>["Servers"];

const page = await blocksOf("docs/drills.md");
/** The scripts of one drill, in the order of its steps. */
const steps = (section: string): readonly string[] =>
  page.filter((block) => block.section === section && block.language === "sh").map(({ text }) => text);

/** Every command of the page, in its order, while a server of the page's stack asks for session after session. */
describe("the drills", { timeout: 120_000 }, () => {
  let sandbox: Sandbox;
  let folder: CdkFolder;
  let arns: Arns;
  let load: SessionLoad;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startSandbox({ backend });
    folder = await makeCdkFolder(sandbox);
    for (const [language, name] of [
      ["ts", "app.ts"],
      ["json", "cdk.json"],
    ]) {
      const text = page.find((block) => block.language === language)?.text ?? "";
      await writeFile(join(folder.path, name ?? ""), text);
    }
    for (const script of steps("Set up")) await folder.run(script);
    const outputs: unknown = JSON.parse(await readFile(join(folder.path, "cdk-outputs.json"), "utf8"));
    arns = outputsFile.parse(outputs).Servers;
    load = startSessionLoad(sandbox, { ...arns, certificate: join(folder.path, "server-a", "identity.pem") });
    await load.requests(10);
  });
  afterAll(async () => {
    await load?.stop();
    await folder?.[Symbol.asyncDispose]();
    await sandbox?.stop();
  });

  /** The session name that a certificate gives: its serial number, in lower case. */
  const sessionNameOf = async (path: string): Promise<string> =>
    new X509Certificate(await readFile(join(folder.path, path))).serialNumber.toLowerCase();
  /** One call of CreateSession with the certificate and key of these two files. */
  const ask = async (name: string): Promise<Outcome> =>
    await askForSession(sandbox, {
      ...arns,
      certificate: join(folder.path, `${name}.pem`),
      privateKey: join(folder.path, `${name}.key`),
    });
  /** Every request since the last call was granted, for these session names, and each of them was seen. */
  let seen = 0;
  const expectSessions = (...names: readonly string[]): void => {
    expect(load.failures).toEqual([]);
    expect([...new Set(load.sessionNames.slice(seen))]).toEqual(names);
    seen = load.sessionNames.length;
  };

  it("has scripts for each drill", () => {
    expect(steps("Replace a certificate").length).toBeGreaterThan(1);
    expect(steps("Replace a CA")).toHaveLength(3);
  });

  it("replaces a certificate: old and new are granted, then the server uses the new one", async () => {
    const old = await sessionNameOf("pki/server-a.pem");
    const [issue = "", replace = ""] = steps("Replace a certificate");
    await folder.run(issue);
    expect(await Promise.all([ask("server-a/old/server-a"), ask("pki/server-a")])).toMatchObject([
      { status: 201 },
      { status: 201 },
    ]);
    await load.requests(5);
    expectSessions(old);
    await folder.run(replace);
    await load.requests(20);
    expect(load.sessionNames.at(-1)).toBe(await sessionNameOf("pki/server-a.pem"));
    seen = load.sessionNames.indexOf(load.sessionNames.at(-1) ?? "");
    expectSessions(await sessionNameOf("pki/server-a.pem"));
  });

  it("replaces a CA: both are trusted, then the old one is refused", async () => {
    const old = await sessionNameOf("pki/server-a.pem");
    const [trustBoth = "", reissue = "", removeOld = ""] = steps("Replace a CA");
    await folder.run(trustBoth);
    await load.requests(10);
    expectSessions(old);

    await folder.run(reissue);
    expect(await Promise.all([ask("pki/server-a"), ask("pki-2/server-a")])).toMatchObject([
      { status: 201 },
      { status: 201 },
    ]);
    await load.requests(20);
    const renewed = await sessionNameOf("pki-2/server-a.pem");
    seen = load.sessionNames.indexOf(renewed);
    expectSessions(renewed);

    await folder.run(removeOld);
    await load.requests(20);
    expectSessions(renewed);
    expect(await ask("pki-2/server-a")).toMatchObject({ status: 201 });
    expect(await ask("pki/server-a")).toMatchObject({
      status: 403,
      audit: { _mock: { verdict: "refused", reason: "CHAIN_UNTRUSTED" } },
    });
  });

  it("loses no request of the server", async () => {
    await load.stop();
    expect(load.failures).toEqual([]);
    // Ten per second, over two deployments.
    expect(load.sessionNames.length).toBeGreaterThan(100);
    expect(new Set(load.sessionNames).size).toBe(3);
  });
});
