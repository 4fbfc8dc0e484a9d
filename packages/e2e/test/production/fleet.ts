/* oxlint-disable eslint/no-new -- a construct adds itself to its scope */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CertificateRevocationList, ExternalServer, TrustAnchor } from "@roles-anywhere/infra";
import { createSession } from "@roles-anywhere/signer";
import type { CredentialSet } from "@roles-anywhere/signer";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { LegacyStackSynthesizer, Stack } from "aws-cdk-lib/core";
import type { App } from "aws-cdk-lib/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createCdk } from "../../src/aws/cdk.ts";
import type { Cdk } from "../../src/aws/cdk.ts";
import { makeCdkFolder } from "../support/cdk-folder.ts";
import type { CdkFolder } from "../support/cdk-folder.ts";
import { askForSession } from "../support/send-create-session.ts";

const NAMES = Array.from({ length: 200 }, (_, index) => `server-${String(index + 1).padStart(3, "0")}`);
const REVOKED = "server-042";
/** A template that was not uploaded may have 51200 bytes, which is room for about 35 servers. */
const SERVERS_PER_STACK = 25;

/** The stack with the trust anchor and the CRL. */
const AUTHORITY = "Authority";

interface Arns {
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  readonly roleArn: string;
}

export function testFleet(sandbox: () => Sandbox): void {
  let folder: CdkFolder;
  let cdk: Cdk;
  /** The ARNs of each server, by its name. */
  let arns: ReadonlyMap<string, Arns>;
  beforeAll(async () => {
    folder = await makeCdkFolder(sandbox());
    cdk = createCdk(sandbox());
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  const pki = (name: string): string => join(folder.path, "pki", name);
  /** One role and one profile for each name. */
  const define = (caCertificatePem: string, crlPem?: string) => (app: App) => {
    const synthesizer = (): LegacyStackSynthesizer => new LegacyStackSynthesizer();
    const authority = new Stack(app, AUTHORITY, { synthesizer: synthesizer() });
    const trustAnchor = TrustAnchor.fromPem(authority, "TrustAnchor", caCertificatePem);
    if (crlPem !== undefined) new CertificateRevocationList(authority, "Revoked", { trustAnchor, crlPem });
    for (let start = 0; start < NAMES.length; start += SERVERS_PER_STACK) {
      const stack = new Stack(app, `Servers${start}`, { synthesizer: synthesizer() });
      for (const name of NAMES.slice(start, start + SERVERS_PER_STACK)) {
        new ExternalServer(stack, outputName(name), { trustAnchor, commonNames: [name] });
      }
    }
  };
  /** Asks for a session of every server, ten at a time. */
  const askAll = async (): Promise<ReadonlyMap<string, CredentialSet | Error>> => {
    const outcomes = new Map<string, CredentialSet | Error>();
    const waiting = NAMES.values();
    const askNext = async (): Promise<void> => {
      for (const name of waiting) {
        const session = createSession({
          ...arnsOf(name),
          certificate: pki(`${name}.pem`),
          privateKey: pki(`${name}.key`),
          endpoint: sandbox().rolesAnywhereEndpoint,
          maxAttempts: 1,
        });
        outcomes.set(name, await session.catch((error: unknown) => new Error(String(error))));
      }
    };
    await Promise.all(Array.from({ length: 10 }, askNext));
    return outcomes;
  };
  const arnsOf = (name: string): Arns => {
    const found = arns.get(name);
    if (found === undefined) throw new Error(`the stacks have no outputs of ${name}`);
    return found;
  };
  const refusedOf = (outcomes: ReadonlyMap<string, CredentialSet | Error>): readonly string[] =>
    [...outcomes].filter(([, outcome]) => outcome instanceof Error).map(([name]) => name);

  it("gets its certificates from a list, and its roles from the names", async () => {
    await writeFile(join(folder.path, "servers.csv"), ["name", ...NAMES, ""].join("\n"));
    await folder.run(`
      ra-pki init --key-type ec-p256
      ra-pki issue --list servers.csv --key-type ec-p256 --validity-days 90
    `);
    const outputs = await cdk.deploy(define(await readFile(pki("rootCA.pem"), "utf8")));
    const all = Object.assign({}, ...Object.values(outputs));
    arns = new Map(
      NAMES.map((name) => {
        const of = (kind: string): string => String(all[outputName(name) + kind]);
        return [
          name,
          {
            trustAnchorArn: of("TrustAnchorArn"),
            profileArn: of("ProfileArn"),
            roleArn: of("RoleArn"),
          },
        ];
      }),
    );
    expect(new Set([...arns.values()].map(({ roleArn }) => roleArn)).size).toBe(NAMES.length);
  });

  it("every server gets a session of its own role", async () => {
    const outcomes = await askAll();
    expect(refusedOf(outcomes)).toEqual([]);
    for (const [name, outcome] of outcomes) {
      expect(outcome).toMatchObject({ roleArn: arnsOf(name).roleArn });
    }
  });

  it("no server gets a session of another one's role", async () => {
    const [first = "", second = ""] = NAMES;
    const outcome = await askForSession(sandbox(), {
      ...arnsOf(second),
      certificate: pki(`${first}.pem`),
      privateKey: pki(`${first}.key`),
    });
    expect(outcome).toMatchObject({
      status: 403,
      audit: { _mock: { verdict: "refused", reason: "TRUST_POLICY_DENIED" } },
    });
  });

  it("revoking one shuts out that one alone", async () => {
    await folder.run(`
      ra-pki revoke ${REVOKED} --reason keyCompromise
      ra-pki crl
    `);
    const [caCertificatePem, crlPem] = await Promise.all(
      ["rootCA.pem", "rootCA.crl.pem"].map((name) => readFile(pki(name), "utf8")),
    );
    await cdk.deploy(define(caCertificatePem ?? "", crlPem), [AUTHORITY]);
    expect(refusedOf(await askAll())).toEqual([REVOKED]);
    const outcome = await askForSession(sandbox(), {
      ...arnsOf(REVOKED),
      certificate: pki(`${REVOKED}.pem`),
      privateKey: pki(`${REVOKED}.key`),
    });
    expect(outcome).toMatchObject({
      status: 403,
      audit: { _mock: { verdict: "refused", reason: "CRL_REVOKED" } },
    });
  });
}

/** Outputs have letters and digits in their names: `Server042` for `server-042`. */
function outputName(name: string): string {
  return name.replace(/^s/, "S").replace("-", "");
}
