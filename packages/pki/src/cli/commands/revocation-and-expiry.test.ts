import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority, makeCertificate, makeCrl, openssl } from "@roles-anywhere/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runRaPki } from "../../../test/support/run-ra-pki.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";

let template: string;
beforeAll(() => {
  template = mkdtempSync(join(tmpdir(), "ra-pki-template-"));
  for (const args of [
    ["init", "--key-type", "ec-p256"],
    ["issue", "--name", "server-a", "--key-type", "ec-p256", "--validity-days", "20"],
    ["issue", "--name", "server-b", "--key-type", "ec-p256"],
  ]) {
    const { status, stderr } = runRaPki(template, args);
    if (status !== 0) throw new Error(stderr);
  }
});
afterAll(() => {
  rmSync(template, { recursive: true });
});

/** A folder with a CA and two clients. */
function folder(): string {
  const cwd = temporaryDirectory();
  cpSync(template, cwd, { recursive: true });
  return cwd;
}

const serialOf = (cwd: string, name: string): string =>
  openssl(["x509", "-noout", "-serial", "-in", join(cwd, "pki", `${name}.pem`)])
    .trim()
    .slice("serial=".length);

describe("ra-pki revoke and crl", () => {
  it("say what was done and what comes next, and print JSON", () => {
    const cwd = folder();
    const serial = serialOf(cwd, "server-a");
    const revoked = runRaPki(cwd, ["revoke", "server-a", "--reason", "keyCompromise", "--json"]);
    expect(revoked.status).toBe(0);
    expect(revoked.stderr).toBe(
      `Revoked a certificate\n  revoked      ${serial} "server-a" (keyCompromise)\n` +
        "  next         ra-pki crl; AWS accepts it until you import the list\n",
    );
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      revoked: [{ serialNumber: serial, reason: "keyCompromise" }],
    });

    const crl = runRaPki(cwd, ["crl", "--json"]);
    expect(crl.status).toBe(0);
    expect(crl.stderr).toMatch(
      /^Made the revocation list 1 of the CA "rootCA"\n {2}list +pki\/rootCA\.crl\.pem\n {2}revoked +1\n/,
    );
    expect(crl.stderr).toContain(
      "aws rolesanywhere import-crl --name rootCA --crl-data fileb://pki/rootCA.crl.pem",
    );
    expect(JSON.parse(crl.stdout)).toMatchObject({
      authorityName: "rootCA",
      number: "1",
      revokedCount: 1,
      warnings: [],
    });

    const verified = runRaPki(cwd, ["verify", "pki/server-a.pem", "--crl", "pki/rootCA.crl.pem"]);
    expect(verified).toMatchObject({ status: 1, stderr: "" });
    expect(verified.stdout).toMatch(
      /^CN=server-a: not verified\n {2}"CN=MyRootCA" revoked "CN=server-a" at .* \[CRL_REVOKED\]\n$/,
    );
    expect(runRaPki(cwd, ["verify", "pki/server-b.pem", "--crl", "pki/rootCA.crl.pem"]).stdout).toMatch(
      /^CN=server-b: verified \(chain and validity, revocation, key\) until /,
    );
  });

  it.each([
    ["an unknown name", ["revoke", "nobody"], 1, /\[ERR_PKI_CERTIFICATE_NOT_FOUND\]/],
    [
      "an unknown reason",
      ["revoke", "server-a", "--reason", "boredom"],
      2,
      /Allowed choices are unspecified, keyCompromise/,
    ],
    ["a CA that is not there", ["crl", "--ca", "nobody"], 1, /\[ERR_PKI_AUTHORITY_NOT_FOUND\]/],
    ["no day until the next list", ["crl", "--next-update-days", "0"], 2, /at least 1/],
  ])("refuse %s in one line and change nothing", (_, args, status, message) => {
    const cwd = folder();
    const before = [readdirSync(join(cwd, "pki")), readFileSync(join(cwd, "pki/issued.jsonl"), "utf8")];
    const result = runRaPki(cwd, args);
    expect(result).toMatchObject({ status, stdout: "" });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect([readdirSync(join(cwd, "pki")), readFileSync(join(cwd, "pki/issued.jsonl"), "utf8")]).toEqual(
      before,
    );
  });
});

describe("ra-pki status", () => {
  it.each([
    ["nothing is due", ["--within", "10"], 0, /\nnothing expires within 10 days\n$/],
    [
      "a certificate is due",
      [],
      1,
      /^expiring {2}.* client {8}server-a \(server-a\.pem, serial [\dA-F]+\)\n[^]*\n1 due within 30 days\n$/,
    ],
    ["the CA is due, too", ["--within", "4000"], 1, /\n3 due within 4000 days\n$/],
  ])("tells cron by its exit status that %s", (_, args, status, text) => {
    const result = runRaPki(folder(), ["status", ...args]);
    expect(result).toMatchObject({ status, stderr: "" });
    expect(result.stdout).toMatch(text);
  });

  it("counts neither revoked nor renewed certificates, and knows those whose files are elsewhere", () => {
    const cwd = folder();
    runRaPki(cwd, ["issue", "--name", "server-c", "--key-type", "ec-p256", "--validity-days", "5"]);
    runRaPki(cwd, ["renew", "server-a", "--validity-days", "90"]);
    runRaPki(cwd, ["revoke", "server-b"]);
    runRaPki(cwd, ["crl", "--next-update-days", "30"]);
    expect(runRaPki(cwd, ["renew", "server-c", "--validity-days", "6"]).status).toBe(0);
    const { status, stdout } = runRaPki(cwd, ["status", "--json"]);

    const { entries, dueCount } = JSON.parse(stdout);
    const shown = entries.map(({ kind, name, file, state }: Record<string, string>) => [
      kind,
      name,
      file,
      state,
    ]);
    expect({ status, dueCount }).toEqual({ status: 1, dueCount: 1 });
    expect(shown).toEqual([
      ["client", "server-c", "server-c.pem", "expiring"],
      ["crl", "CN=MyRootCA", "rootCA.crl.pem", "valid"],
      ["client", "server-a", "server-a.pem", "valid"],
      ["client", "server-b", "server-b.pem", "revoked"],
      ["root", "MyRootCA", "rootCA.pem", "valid"],
    ]);
  });

  it("lists what only the log knows", () => {
    const cwd = folder();
    const name = join(cwd, "pki", "server-a.pem");
    writeFileSync(name, readFileSync(join(cwd, "pki", "server-b.pem")));
    const { status, stdout } = runRaPki(cwd, ["status"]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^expiring .* server-a \(not in the folder, serial [\dA-F]+\)$/m);
  });

  it("refuses a folder that is not there", () => {
    const result = runRaPki(temporaryDirectory(), ["status"]);
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toMatch(/cannot read the folder pki.*\[ERR_PKI_FILE_SYSTEM\]/);
  });
});

describe("ra-pki verify", () => {
  it.each([
    [
      "a client, with the files beside it",
      ["pki/server-a.pem"],
      0,
      /^CN=server-a: verified \(chain and validity, key\) until /,
    ],
    ["the CA itself", ["pki/rootCA.pem"], 0, /^CN=MyRootCA: verified \(chain and validity, key\)/],
    ["another key", ["pki/server-a.pem", "--key", "pki/server-b.key"], 1, /\[KEY_MISMATCH\]/],
    ["another CA", ["pki/server-a.pem", "--ca", "pki/server-b.pem"], 1, /\[CHAIN_UNTRUSTED\]/],
    ["a later time", ["pki/server-a.pem", "--at", "2100-01-01"], 1, /\[CERTIFICATE_EXPIRED\]/],
    [
      "a list that is too old",
      ["pki/server-b.pem", "--crl", "pki/rootCA.crl.pem", "--at", "+40"],
      1,
      /\[CRL_EXPIRED\]/,
    ],
  ])("judges %s", (_, args, status, text) => {
    const cwd = folder();
    runRaPki(cwd, ["crl"]);
    const later = new Date(Date.now() + 40 * 86_400_000).toISOString();
    const result = runRaPki(cwd, ["verify", ...args.map((word) => (word === "+40" ? later : word))]);
    expect(result).toMatchObject({ status, stderr: "" });
    expect(result.stdout).toMatch(text);
  });

  it("trusts no certificate that comes with the one in question", () => {
    const root = makeAuthority();
    const bundle = makeCertificate({}, root).certificatePem + root.certificatePem;
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "bundle.pem"), bundle);

    const result = runRaPki(cwd, ["verify", "bundle.pem"]);
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toMatch(/there is no rootCA\.pem .*--ca <file> \[ERR_PKI_AUTHORITY_NOT_FOUND\]\n$/);
    writeFileSync(join(cwd, "trusted.pem"), root.certificatePem);
    expect(runRaPki(cwd, ["verify", "bundle.pem", "--ca", "trusted.pem"]).stdout).toMatch(/: verified /);
  });

  it("wants a revocation list of each CA of the path", () => {
    const root = makeAuthority();
    const sub = makeAuthority({ subject: [["CN", "Sub"]] }, root);
    const lists = { root: makeCrl(root), sub: makeCrl(sub), other: makeCrl(makeAuthority()) };
    const cwd = temporaryDirectory();
    const files = {
      "rootCA.pem": root.certificatePem,
      "client.pem": makeCertificate({}, sub).certificatePem + sub.certificatePem,
      "none.pem": lists.other,
      "one.pem": lists.root,
      "both.pem": Buffer.concat([lists.root, lists.sub]),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
    const missing = (list: string): string[] =>
      runRaPki(cwd, ["verify", "client.pem", "--crl", list, "--at", "2026-06-15"])
        .stdout.split("\n")
        .filter((line) => line.includes("[CRL_MISSING]"))
        .map((line) => /"(.*?)"/.exec(line)?.[1] ?? "");

    expect(missing("none.pem")).toEqual(["CN=Sub", "CN=Root"]);
    expect(missing("one.pem")).toEqual(["CN=Sub"]);
    expect(missing("both.pem")).toEqual([]);
    expect(runRaPki(cwd, ["verify", "client.pem", "--crl", "one.pem"]).status).toBe(1);
  });

  it("opens an encrypted key with a passphrase", () => {
    const cwd = folder();
    const key = join(cwd, "pki/server-a.key");
    const encrypted = openssl(["pkcs8", "-topk8", "-in", key, "-passout", "pass:secret"]);
    writeFileSync(join(cwd, "encrypted.key"), encrypted);
    const args = [
      "verify",
      "pki/server-a.pem",
      "--key",
      "encrypted.key",
      "--passphrase-env",
      "KEY_PASSPHRASE",
      "--json",
    ];

    const right = runRaPki(cwd, args, { KEY_PASSPHRASE: "secret" });
    expect(right).toMatchObject({ status: 0, stderr: "" });
    expect(JSON.parse(right.stdout)).toMatchObject({ verified: true, problems: [], subject: "CN=server-a" });
    const wrong = runRaPki(cwd, args, { KEY_PASSPHRASE: "guess" });
    expect(wrong).toMatchObject({ status: 1, stdout: "" });
    expect(wrong.stderr).toMatch(/\[ERR_PKI_PASSPHRASE\]/);
  });
});
