import { chmodSync, writeFileSync } from "node:fs";

import { afterAll, beforeEach, describe, expect, it } from "vitest";

import type { Finding } from "../doctor/finding.ts";
import { CA_EXTENSIONS, makeCertificate } from "../../test/support/chain.ts";
import type { CertificateChanges } from "../../test/support/chain.ts";
import { CREDENTIALS, refused, startFakeService, success } from "../../test/support/fake-service.ts";
import type { Answer } from "../../test/support/fake-service.ts";
import { CALLER_ARN, callerIdentity, withSts } from "../../test/support/fake-sts.ts";
import { makeIdentity } from "../../test/support/identities.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import type { TestIdentity } from "@roles-anywhere/testing";
import { MAIN } from "../../test/support/run-cli.ts";
import { doctor } from "./commands/doctor.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const certificate = folder.join("client.pem");
const key = folder.join("client.key");
const intermediates = folder.join("intermediates.pem");
const config = folder.join("config");

const root = makeCertificate({ subject: "/CN=root", extensions: CA_EXTENSIONS });
const ca = makeCertificate({ subject: "/CN=ca", extensions: CA_EXTENSIONS, issuer: root });
const good = makeCertificate({ issuer: ca });
const stranger = makeCertificate({ subject: "/CN=stranger", extensions: CA_EXTENSIONS });

function use({ certificatePem, privateKeyPem }: TestIdentity): void {
  writeFileSync(certificate, certificatePem);
  writeFileSync(key, privateKeyPem);
}

/** A certificate that differs from the good one in what is given. */
const differing = (changes: CertificateChanges) => (): object => {
  use(makeCertificate({ issuer: ca, ...changes }));
  return {};
};

/** What a row changes; files are changed at once. */
interface Change {
  readonly flags?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly createSession?: Answer;
  readonly sts?: Answer;
}

const ARNS = {
  "--trust-anchor-arn": "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1",
  "--profile-arn": "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2",
  "--role-arn": "arn:aws:iam::123456789012:role/Example",
};
const nameless = (text: string): string => text.replace("123456789012", "1234");

beforeEach(() => {
  use(good);
  chmodSync(certificate, 0o644);
  chmodSync(key, 0o600);
  writeFileSync(intermediates, ca.certificatePem);
  chmodSync(intermediates, 0o644);
});

/** Runs doctor on what is good but for the change, as a profile. */
async function examine(
  change: Change,
): Promise<{ findings: readonly Finding[]; said: string; code: number }> {
  const { createSession = success(), sts = callerIdentity() } = change;
  await using service = await startFakeService(withSts(sts, createSession));
  const flags = {
    ...{ "--certificate": certificate, "--private-key": key, "--intermediates": intermediates },
    ...ARNS,
    "--endpoint": service.url,
    ...change.flags,
  };
  const words = Object.entries(flags).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(
    config,
    `[profile web]\ncredential_process = '${process.execPath}' '${MAIN}' credential-process ${words.join(" ")}\n`,
  );
  const out: string[] = [];
  const code = await doctor.run(["--profile", "web", "--json"], {
    environment: {
      AWS_CONFIG_FILE: config,
      AWS_SHARED_CREDENTIALS_FILE: folder.join("none"),
      AWS_ENDPOINT_URL_STS: service.url,
      HTTP_PROXY: `http://me:hunter2@${new URL(service.url).host}`,
      ...change.environment,
    },
    out: (data) => void out.push(String(data)),
    note: (line) => void out.push(line),
  });
  const said = out.join("");
  // The report is our own, so its shape is trusted.
  const { findings } = JSON.parse(said) as { findings: readonly Finding[] };
  return { findings, said, code };
}

type Row = readonly [
  check: string,
  status: "warn" | "fail",
  input: string,
  change: () => Change,
  remedy: RegExp,
];

const ROWS: readonly Row[] = [
  [
    "certificate file",
    "fail",
    "a file without a certificate",
    () => (writeFileSync(certificate, "x"), {}),
    /readable PEM/,
  ],
  [
    "certificate mode",
    "warn",
    "mode 0666",
    () => (chmodSync(certificate, 0o666), {}),
    /^chmod go-w ".*client\.pem"$/,
  ],
  [
    "intermediates mode",
    "warn",
    "mode 0664",
    () => (chmodSync(intermediates, 0o664), {}),
    /^chmod go-w ".*intermediates\.pem"$/,
  ],
  [
    "certificate version",
    "fail",
    "X.509 v1",
    () => (use(withVersion1(good)), { flags: { "--intermediates": "" } }),
    /X\.509 v3/,
  ],
  [
    "basic constraints",
    "fail",
    "a CA",
    differing({ extensions: ["basicConstraints=CA:TRUE", "keyUsage=digitalSignature"] }),
    /CA:FALSE/,
  ],
  [
    "key usage",
    "fail",
    "no digitalSignature",
    differing({ extensions: ["keyUsage=keyEncipherment"] }),
    /digitalSignature/,
  ],
  [
    "extended key usage",
    "warn",
    "serverAuth alone",
    differing({ extensions: ["keyUsage=digitalSignature", "extendedKeyUsage=serverAuth"] }),
    /clientAuth/,
  ],
  ["signature hash", "fail", "SHA-1", differing({ arguments: ["-sha1"] }), /SHA-256/],
  ["subject", "fail", "no subject", differing({ subject: "/" }), /CN=name/],
  ["session tags", "warn", "an ampersand", differing({ subject: "/CN=a/O=R&D" }), /delete-attribute-mapping/],
  [
    "source identity",
    "warn",
    "a comma in the common name",
    differing({ subject: "/CN=a, b" }),
    /common name/,
  ],
  [
    "chain",
    "fail",
    "a stranger among the intermediates",
    () => (writeFileSync(intermediates, ca.certificatePem + stranger.certificatePem), {}),
    /only those/,
  ],
  [
    "chain",
    "warn",
    "the root as well",
    () => (writeFileSync(intermediates, ca.certificatePem + root.certificatePem), {}),
    /leave the root out/,
  ],
  [
    "intermediates",
    "fail",
    "six certificates",
    () => (writeFileSync(intermediates, ca.certificatePem.repeat(6)), {}),
    /at most five/,
  ],
  ["private key", "fail", "no key in the file", () => (writeFileSync(key, "x"), {}), /--private-key/],
  ["key file mode", "warn", "mode 0640", () => (chmodSync(key, 0o640), {}), /^chmod 600 ".*client\.key"$/],
  [
    "validity",
    "fail",
    "an expired certificate",
    () => ({ flags: expiring("20200101000000Z", "20210101000000Z") }),
    /issue a new certificate/,
  ],
  [
    "validity",
    "fail",
    "a certificate of the future",
    () => ({ flags: expiring("20400101000000Z", "20410101000000Z") }),
    /clock, or wait/,
  ],
  [
    "validity",
    "warn",
    "a certificate that ends soon",
    () => ({ flags: expiring("20200101000000Z", inDays(7)) }),
    /issue a new certificate soon/,
  ],
  [
    "key pair",
    "fail",
    "another certificate's key",
    () => (writeFileSync(key, stranger.privateKeyPem), {}),
    /was issued for/,
  ],
  [
    "trust anchor ARN",
    "fail",
    "the profile's ARN",
    () => ({ flags: { "--trust-anchor-arn": ARNS["--profile-arn"] } }),
    /trust-anchor\/…/,
  ],
  ["profile ARN", "fail", "no ARN", () => ({ flags: { "--profile-arn": "x" } }), /ARN of the profile/],
  [
    "role ARN",
    "fail",
    "a user",
    () => ({ flags: { "--role-arn": "arn:aws:iam::123456789012:user/x" } }),
    /role\/…/,
  ],
  [
    "partition",
    "fail",
    "a role in China",
    () => ({ flags: { "--role-arn": "arn:aws-cn:iam::123456789012:role/Example" } }),
    /one partition/,
  ],
  [
    "account",
    "fail",
    "a role in another account",
    () => ({ flags: { "--role-arn": "arn:aws:iam::210987654321:role/Example" } }),
    /one account/,
  ],
  [
    "account",
    "fail",
    "an account of four digits",
    () => ({ flags: Object.fromEntries(Object.entries(ARNS).map(([name, arn]) => [name, nameless(arn)])) }),
    /twelve digits/,
  ],
  [
    "region",
    "fail",
    "a profile in another region",
    () => ({ flags: { "--profile-arn": ARNS["--profile-arn"].replace("us-east-1", "eu-west-1") } }),
    /one region/,
  ],
  [
    "region",
    "warn",
    "a region of its own",
    () => ({ flags: { "--region": "eu-west-1" } }),
    /leave --region out/,
  ],
  ["session duration", "fail", "a minute", () => ({ flags: { "--session-duration": "60" } }), /900 to 43200/],
  [
    "attempts",
    "warn",
    "no number",
    () => ({ environment: { AWS_MAX_ATTEMPTS: "many" } }),
    /whole number from 1/,
  ],
  ["attempts", "warn", "one attempt", () => ({ environment: { AWS_MAX_ATTEMPTS: "1" } }), /2 or more/],
  [
    "endpoint",
    "fail",
    "a port where nobody listens",
    () => ({ flags: { "--endpoint": "http://127.0.0.1:1" } }),
    /DNS, firewall and proxy/,
  ],
  [
    "endpoint",
    "fail",
    "a proxy that is no URL",
    () => ({
      flags: { "--endpoint": "http://ra.example", "--with-proxy": "true" },
      environment: { HTTP_PROXY: "ftp://x" },
    }),
    /proxy/,
  ],
  [
    "encryption",
    "warn",
    "plain HTTP to another host",
    () => ({ flags: { "--endpoint": "http://ra.example", "--with-proxy": "true" } }),
    /https/,
  ],
  [
    "clock",
    "fail",
    "a server of another day",
    () => ({ createSession: withDate(success(), "Thu, 01 Jan 2026 00:00:00 GMT") }),
    /NTP/,
  ],
  [
    "clock",
    "warn",
    "a server without a date",
    () => ({ createSession: withDate(success(), undefined) }),
    /NTP/,
  ],
  [
    "CreateSession",
    "fail",
    "a refusal",
    () => ({ createSession: refused(403, "AccessDeniedException", "Untrusted Signing Certificate") }),
    /likely cause/,
  ],
  [
    "caller identity",
    "fail",
    "another role",
    () => ({ sts: callerIdentity(CALLER_ARN.replace("Example", "Admin")) }),
    /--role-arn/,
  ],
  [
    "caller identity",
    "warn",
    "no STS for the endpoint",
    () => ({ environment: { AWS_ENDPOINT_URL_STS: "" } }),
    /^set AWS_ENDPOINT_URL_STS/,
  ],
  [
    "caller identity",
    "warn",
    "an STS that cannot be reached",
    () => ({ environment: { AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1" } }),
    /let STS through/,
  ],
  [
    "flags",
    "fail",
    "two flags that exclude each other",
    () => ({ flags: { "--cert-selector": "Key=x509Subject,Value=CN=a" } }),
    /credential-process --help/,
  ],
];

describe("each check of ra-signer doctor", () => {
  it("passes where all is right", async () => {
    const { findings, code } = await examine({});
    expect(findings.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(code).toBe(0);
  });

  it.each(ROWS)("%s: %s for %s", async (check, status, _input, change, remedy) => {
    const { findings, code, said } = await examine(change());
    const wrong = findings.filter((finding) => finding.status !== "ok");
    expect(wrong.map((finding) => `${finding.status} ${finding.check}`)).toEqual([`${status} ${check}`]);
    expect(wrong[0]?.remedy).toMatch(remedy);
    expect(code).toBe(status === "fail" ? 1 : 0);
    expect(said).not.toMatch(/hunter2|-----BEGIN/);
    expect(said).not.toContain(CREDENTIALS.secretAccessKey);
    expect(said).not.toContain(CREDENTIALS.sessionToken);
  });

  it("has a row above, but for profile", async () => {
    const { findings } = await examine({});
    const seen = new Set(ROWS.map(([check]) => check));
    expect(findings.map(({ check }) => check).filter((check) => !seen.has(check))).toEqual(["profile"]);
  });

  it("goes through the proxy, to STS as well", async () => {
    const { findings } = await examine({
      flags: { "--endpoint": "http://ra.example", "--with-proxy": "true" },
      environment: { AWS_ENDPOINT_URL_STS: "http://sts.example" },
    });
    expect(findings.find(({ check }) => check === "endpoint")?.message).toMatch(
      /^http:\/\/ra\.example answers through the proxy 127\.0\.0\.1:\d+$/,
    );
    expect(findings.at(-1)).toMatchObject({ check: "caller identity", status: "ok" });
  });

  it("tries CreateSession as often as AWS_MAX_ATTEMPTS says", async () => {
    const busy = refused(503, "ServiceUnavailable", "busy");
    const { findings } = await examine({ createSession: busy, environment: { AWS_MAX_ATTEMPTS: "2" } });
    expect(findings.find(({ check }) => check === "CreateSession")?.message).toMatch(
      /gave up after 2 attempts/,
    );
  });

  it("warns of a config file that others may change", async () => {
    writeFileSync(config, "");
    chmodSync(config, 0o666);
    const { findings } = await examine({});
    chmodSync(config, 0o644);
    expect(findings.filter(({ status }) => status !== "ok")).toMatchObject([
      { check: "profile", status: "warn", remedy: `chmod go-w "${config}"` },
    ]);
  });
});

function withDate(answer: Answer, date: string | undefined): Answer {
  return (response, request) => {
    response.sendDate = false;
    if (date !== undefined) response.setHeader("Date", date);
    answer(response, request);
  };
}

/** Flags for a self-signed certificate of that validity. */
function expiring(from: string, to: string): Readonly<Record<string, string>> {
  use(makeIdentity("P-256", [from, to]));
  return { "--intermediates": "" };
}

/** `YYYYMMDDHHMMSSZ` */
function inDays(days: number): string {
  const moment = new Date(Date.now() + days * 86_400_000);
  return `${moment.toISOString().slice(0, 19).replaceAll(/[-:T]/g, "")}Z`;
}

/** [0] EXPLICIT INTEGER 2 means v3. */
function withVersion1({ certificatePem, privateKeyPem }: TestIdentity): TestIdentity {
  const der = Buffer.from(certificatePem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  der[der.indexOf(Buffer.from("a003020102", "hex")) + 4] = 0;
  const base64 = der.toString("base64");
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    privateKeyPem,
  };
}
