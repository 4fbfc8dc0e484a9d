import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openssl } from "@roles-anywhere/testing";
import { describe, expect, it } from "vitest";
import { runRaPki } from "../../../test/support/run-ra-pki.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";

const EC = ["--key-type", "ec-p256"];

/** A folder with a CA. */
function folder(): string {
  const cwd = temporaryDirectory();
  expect(runRaPki(cwd, ["init", ...EC]).status).toBe(0);
  return cwd;
}

const masked = (text: string): string =>
  text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<date>").replaceAll(/\b[\dA-F]{32}\b/g, "<serial>");

describe("ra-pki intermediate", () => {
  it("makes a CA, and certificates of it come with their chain", () => {
    const cwd = folder();
    const made = runRaPki(cwd, [
      ...["intermediate", "--name", "Issuing CA", ...EC],
      ...["--name-constraints", "permitted;dns:example.org", "--name-constraints", "excluded;ip:10.0.0.0/8"],
    ]);
    const issued = runRaPki(cwd, [
      ...["issue", "--ca", "Issuing CA", "--name", "server", ...EC],
      ...["--san", "dns:a.example.org", "--subject", "/O=Example/OU=Servers", "--json"],
    ]);

    expect(masked(made.stderr)).toBe(`Made the intermediate CA "Issuing CA"
  certificate  pki/Issuing CA.pem
  private key  pki/Issuing CA.key (mode 0400; whoever has it can issue certificates)
  key type     ec-p256
  valid        <date> to <date>
  serial       <serial>
  next         ra-pki issue --ca 'Issuing CA' --name my-server
`);
    expect(issued.stderr).toContain("--intermediates pki/server.chain.pem --trust-anchor-arn");
    expect(JSON.parse(issued.stdout)).toMatchObject({
      subject: "/O=Example/OU=Servers/CN=server",
      chainPath: join(cwd, "pki", "server.chain.pem"),
    });
    const pki = (name: string) => join(cwd, "pki", name);
    expect(
      openssl([
        ...["verify", "-x509_strict", "-CAfile", pki("rootCA.pem"), "-untrusted", pki("server.chain.pem")],
        pki("server.pem"),
      ]),
    ).toContain("OK");
  });

  it.each([
    { flag: ["--name-constraints", "dns:example.org"], message: /Begin with permitted; or excluded;/ },
    {
      flag: ["--name-constraints", "permitted;example.org"],
      message: /Begin with dns:, uri:, email:, ip: or/,
    },
    { flag: ["--name-constraints", "permitted;ip:10.0.0.1/8"], message: /ERR_PKI_INVALID_NAME_CONSTRAINT/ },
    { flag: ["--path-length", "-1"], message: /whole number from 0 to 127/ },
    { flag: ["--key-type", "rsa-1024"], message: /Allowed choices are rsa-2048/ },
    { flag: ["--subject", "O=Example"], message: /Write it as \/O=Example/ },
    { flag: ["--subject", "/CN=other"], message: /without the common name/ },
  ])("refuses $flag as wrong usage", ({ flag, message }) => {
    const { status, stderr } = runRaPki(folder(), ["intermediate", "--name", "sub", ...flag]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
    expect(stderr).toMatch(/^ra-pki: [^\n]*\n$/);
  });
});

describe("ra-pki request and sign", () => {
  it("let a server keep its key, and show what is granted", () => {
    const cwd = folder();
    const requested = runRaPki(cwd, [
      ...["request", "--dir", "server", "--name", "a", ...EC],
      ...["--san", "dns:a.example.org", "--san", "uri:spiffe://example.org/a"],
    ]);
    expect(requested.stderr).toBe(`Made a request for a certificate of "a"
  request      server/a.csr
  private key  server/a.key (mode 0600; it stays on this machine)
  key type     ec-p256
  subject      /CN=a
  next         send server/a.csr to the CA; there: ra-pki sign a.csr --name a
`);
    const shown = runRaPki(cwd, ["sign", "server/a.csr", "--show", "--json"]);
    expect(JSON.parse(shown.stdout)).toEqual({
      commonName: "a",
      subject: "/CN=a",
      keyType: "ec-p256",
      wishes: [
        "keyUsage digitalSignature",
        "extendedKeyUsage clientAuth",
        "dns:a.example.org",
        "uri:spiffe://example.org/a",
      ],
    });
    const signed = runRaPki(cwd, ["sign", "server/a.csr", "--name", "a", "--grant", "dns:a.example.org"]);
    expect(masked(signed.stderr)).toBe(`Signed the request of "a" (server/a.csr)
  subject      /CN=a
  granted      keyUsage digitalSignature
  granted      extendedKeyUsage clientAuth
  granted      dns:a.example.org
  not granted  uri:spiffe://example.org/a (--grant uri:spiffe://example.org/a grants it)
  certificate  pki/a.pem
  key type     ec-p256
  valid        <date> to <date>
  serial       <serial>
  next         send pki/a.pem to the server, beside its key
`);
    const key = openssl(["pkey", "-pubout", "-in", join(cwd, "server", "a.key")]);
    expect(openssl(["x509", "-noout", "-pubkey", "-in", join(cwd, "pki", "a.pem")])).toBe(key);
  });

  it("refuse to grant what the request does not ask for, and sign nothing", () => {
    const cwd = folder();
    runRaPki(cwd, ["request", "--dir", "server", "--name", "a", ...EC, "--san", "dns:a.example.org"]);
    const args = ["sign", "server/a.csr", "--name", "a", "--grant", "dns:b.example.org"];
    const { status, stderr } = runRaPki(cwd, args);

    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/not ask for dns:b\.example\.org, .*it asks for .*dns:a\.example\.org/),
    });
    expect(existsSync(join(cwd, "pki", "a.pem"))).toBe(false);
  });

  it("grant every name with --grant-names", () => {
    const cwd = folder();
    runRaPki(cwd, ["request", "--name", "a", ...EC, "--san", "dns:a.example.org", "--san", "ip:192.0.2.1"]);
    const { stdout } = runRaPki(cwd, ["sign", "pki/a.csr", "--name", "a", "--grant-names", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      granted: expect.arrayContaining(["dns:a.example.org", "ip:192.0.2.1"]),
      notGranted: [],
    });
  });

  it.each([
    {
      title: "a file that is missing",
      args: ["sign", "none.csr", "--name", "a"],
      code: "ERR_PKI_FILE_SYSTEM",
    },
    {
      title: "a file of more than 1 MB",
      args: ["sign", "large.csr", "--name", "a"],
      code: "ERR_PKI_FILE_SYSTEM",
    },
    {
      title: "a file that is no request",
      args: ["sign", "pki/rootCA.pem", "--name", "a"],
      code: "ERR_PKI_REQUEST_INVALID",
    },
    {
      title: "the request of another",
      args: ["sign", "pki/a.csr", "--name", "b"],
      code: "ERR_PKI_REQUEST_INVALID",
    },
    {
      title: "a key beside that is another one's",
      args: ["sign", "server/b.csr", "--name", "b"],
      code: "ERR_PKI_FILE_EXISTS",
    },
  ])("refuse $title", ({ args, code }) => {
    const cwd = folder();
    runRaPki(cwd, ["request", "--name", "a", ...EC]);
    runRaPki(cwd, ["request", "--name", "b", ...EC, "--dir", "server"]);
    writeFileSync(join(cwd, "pki", "b.key"), readFileSync(join(cwd, "pki", "a.key")));
    writeFileSync(join(cwd, "large.csr"), " ".repeat(1_000_001));
    const { status, stderr } = runRaPki(cwd, args);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(`[${code}]`) });
  });
});

describe("ra-pki sign", () => {
  const NAME = "$(touch oops); 'a' b";

  it("needs the name of the server", () => {
    expect(runRaPki(folder(), ["sign", "a.csr"])).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "ra-pki: required option '--name <cn>' not specified (or --show, which signs nothing); see ra-pki --help\n",
    });
  });

  it("grants attributes of the subject with --subject alone", () => {
    const cwd = folder();
    runRaPki(cwd, ["request", "--name", "a", ...EC, "--subject", "/O=Example/OU=Admins", "--dir", "server"]);
    const refused = runRaPki(cwd, ["sign", "server/a.csr", "--name", "a"]);
    const signed = runRaPki(cwd, [
      ...["sign", "server/a.csr", "--name", "a", "--subject", "/O=Example/OU=Admins", "--json"],
    ]);

    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("[ERR_PKI_REQUEST_REFUSED]"),
    });
    expect(JSON.parse(signed.stdout)).toMatchObject({ subject: "/O=Example/OU=Admins/CN=a" });
  });

  it("puts names of a request in quotes where it proposes a command", () => {
    const cwd = folder();
    const san = `uri:urn:${NAME.replaceAll(" ", "")}`;
    const subject = ["--subject", `/OU=${NAME}`];
    runRaPki(cwd, ["request", "--name", "a", ...EC, "--san", san, ...subject, "--dir", "server x"]);
    const shown = runRaPki(cwd, ["sign", "server x/a.csr", "--show"]);
    const signed = runRaPki(cwd, ["sign", "server x/a.csr", "--name", "a", ...subject]);

    const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
    expect(shown.stderr).toContain(
      `ra-pki sign 'server x/a.csr' --name a --subject ${quoted(`/OU=${NAME}`)}\n`,
    );
    expect(signed.stderr).toContain(`(--grant ${quoted(san)} grants it)`);
  });
});

it("escapes on stdout what a terminal would act upon, as in a name of another", () => {
  const cwd = folder();
  const issued = runRaPki(cwd, ["issue", "--name", "a", ...EC, "--subject", "/O=\u202Eevil", "--json"]);
  const inspected = runRaPki(cwd, ["inspect", "pki/a.pem", "--json"]);

  for (const { stdout } of [issued, inspected]) {
    expect(stdout).toContain(String.raw`O=\u202eevil`);
    expect(stdout).not.toContain("\u202E");
  }
});

describe("ra-pki renew", () => {
  it("says what it has replaced", () => {
    const cwd = folder();
    runRaPki(cwd, ["issue", "--name", "a", ...EC]);
    const same = runRaPki(cwd, ["renew", "a", "--validity-days", "30", "--json"]);
    const other = runRaPki(cwd, ["renew", "a", "--key-type", "ec-p384"]);

    expect(masked(same.stderr)).toBe(`Renewed the client certificate "a" with the same key
  certificate  pki/a.pem
  key type     ec-p256
  valid        <date> to <date>
  serial       <serial>
  replaces     <serial>, which stays valid until it expires or is revoked
  next         nothing: a server that uses these files reads the new ones the next time
`);
    const { serialNumber, notBefore, notAfter, privateKeyPath } = JSON.parse(same.stdout);
    expect(privateKeyPath).toBe(join(cwd, "pki", "a.key"));
    expect(Date.parse(notAfter) - Date.parse(notBefore)).toBe(30 * 86_400_000);
    expect(other.stderr).toContain('Renewed the client certificate "a" with a new key\n');
    expect(other.stderr).toContain(`replaces     ${serialNumber}`);
  });

  it("says where the certificate of a request must go", () => {
    const cwd = folder();
    runRaPki(cwd, ["request", "--dir", "server", "--name", "a", ...EC]);
    runRaPki(cwd, ["sign", "server/a.csr", "--name", "a"]);
    const { status, stdout, stderr } = runRaPki(cwd, ["renew", "a", "--json"]);

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).not.toHaveProperty("privateKeyPath");
    expect(stderr).toContain("  next         send pki/a.pem to the server, beside its key: it uses the old");
  });

  it("tells to put the key of the CA back, and not to make a new CA", () => {
    const cwd = folder();
    rmSync(join(cwd, "pki", "rootCA.key"));
    const { status, stderr } = runRaPki(cwd, ["issue", "--name", "a"]);

    expect(status).toBe(1);
    expect(stderr).toMatch(/rootCA\.key is missing.*put pki\/rootCA\.key back from the backup.*useless/);
    expect(stderr).not.toContain("ra-pki init");
  });

  it("refuses a name without a certificate", () => {
    const { status, stderr } = runRaPki(folder(), ["renew", "nobody"]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining("[ERR_PKI_CERTIFICATE_NOT_FOUND]"),
    });
  });
});

describe("an encrypted CA key", () => {
  const environment = { CA_PASSPHRASE: "correct horse" };
  const encryptedFolder = (): string => {
    const cwd = temporaryDirectory();
    const init = ["init", ...EC, "--new-passphrase-env", "CA_PASSPHRASE"];
    expect(runRaPki(cwd, init, environment).status).toBe(0);
    return cwd;
  };

  it("opens by an environment variable or by a file", () => {
    const cwd = encryptedFolder();
    expect(readFileSync(join(cwd, "pki", "rootCA.key"), "utf8")).toMatch(
      /^-----BEGIN ENCRYPTED PRIVATE KEY-----/,
    );
    writeFileSync(join(cwd, "secret"), "correct horse\n", { mode: 0o600 });
    const byVariable = runRaPki(
      cwd,
      ["issue", "--name", "a", ...EC, "--passphrase-env", "CA_PASSPHRASE"],
      environment,
    );
    const byFile = runRaPki(cwd, ["issue", "--name", "b", ...EC, "--passphrase-file", "secret"]);

    expect([byVariable.status, byFile.status]).toEqual([0, 0]);
    for (const { stdout, stderr } of [byVariable, byFile]) expect(stdout + stderr).not.toContain("horse");
    chmodSync(join(cwd, "secret"), 0o644);
    expect(runRaPki(cwd, ["renew", "b", "--passphrase-file", "secret"]).stderr).toContain(
      "ra-pki: warning: others may read secret; close it with: chmod 600 secret\n",
    );
  });

  it.each([
    {
      title: "nothing, and no terminal to ask",
      flags: [],
      message: /give --passphrase-env or --passphrase-file/,
    },
    {
      title: "a variable that is not set",
      flags: ["--passphrase-env", "NONE"],
      message: /NONE is not set or empty/,
    },
    {
      title: "a file that is missing",
      flags: ["--passphrase-file", "none"],
      message: /cannot read the passphrase/,
    },
    {
      title: "another passphrase",
      flags: ["--passphrase-env", "WRONG"],
      message: /does not open the CA key/,
    },
  ])("stays closed with $title", ({ flags, message }) => {
    const cwd = encryptedFolder();
    const { status, stderr } = runRaPki(cwd, ["issue", "--name", "a", ...EC, ...flags], {
      WRONG: "battery staple",
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(message) });
    expect(stderr).toContain("[ERR_PKI_PASSPHRASE]");
    expect(stderr).not.toContain("battery");
  });

  /** Runs a command on a terminal, made by script(1) of util-linux, and answers each question once it is asked. */
  async function onTerminal(cwd: string, args: string, answers: readonly string[]) {
    const main = fileURLToPath(new URL("../../../bin/ra-pki.js", import.meta.url));
    const child = spawn("script", ["-qec", `'${process.execPath}' '${main}' ${args}`, "/dev/null"], { cwd });
    let shown = "";
    let asked = 0;
    child.stdout.on("data", (chunk) => {
      shown += String(chunk);
      if ((shown.match(/: /g) ?? []).length <= asked || !shown.endsWith(": ")) return;
      child.stdin.write(answers[asked] ?? "");
      asked += 1;
    });
    const [status] = await once(child, "close");
    return { status, shown };
  }

  it.runIf(process.platform === "linux")(
    "asks on a terminal, shows nothing of the answer, and asks twice for a new one",
    async () => {
      const cwd = temporaryDirectory();
      const init = await onTerminal(cwd, "init --key-type ec-p256 --encrypt-key", [
        "opem\u007Fn\r",
        "open\r",
      ]);
      const issue = await onTerminal(cwd, "issue --name a --key-type ec-p256", ["open\r"]);
      const differ = await onTerminal(cwd, "init --force --encrypt-key", ["open\r", "shut\r"]);
      const stopped = await onTerminal(cwd, "renew a", ["\u0003"]);

      expect(init.shown).toContain("New passphrase: \r\nThe same again: \r\n");
      expect(init.shown).not.toContain("ope");
      expect(issue.shown).toContain("Passphrase of the CA's key: \r\n");
      expect([init.status, issue.status]).toEqual([0, 0]);
      expect(differ).toMatchObject({
        status: 1,
        shown: expect.stringContaining("the two passphrases differ"),
      });
      expect(stopped).toMatchObject({ status: 1, shown: expect.stringContaining("no passphrase was given") });
    },
  );
});

describe("ra-pki with a revoked CA", () => {
  it.each([
    ["the CA", "Issuing CA"],
    ["the CA above", "Middle CA"],
  ])("issues nothing when %s is revoked, and still makes its list", (_, revoked) => {
    const cwd = folder();
    runRaPki(cwd, ["intermediate", "--name", "Middle CA", "--path-length", "1", ...EC]);
    runRaPki(cwd, ["intermediate", "--name", "Issuing CA", "--ca", "Middle CA", ...EC]);
    expect(runRaPki(cwd, ["issue", "--name", "a", "--ca", "Issuing CA", ...EC]).status).toBe(0);
    runRaPki(cwd, ["request", "--dir", "server", "--name", "r", ...EC]);
    writeFileSync(join(cwd, "list"), "name\nc\n");
    expect(runRaPki(cwd, ["revoke", revoked]).status).toBe(0);

    for (const args of [
      ["issue", "--name", "b", ...EC],
      ["issue", "--list", "list", ...EC],
      ["sign", "server/r.csr", "--name", "r"],
      ["renew", "a"],
    ]) {
      const { status, stderr } = runRaPki(cwd, [...args, "--ca", "Issuing CA"]);
      expect({ args, status, stderr }).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/was revoked at .*sign with another CA.*\[ERR_PKI_AUTHORITY_REVOKED\]/),
      });
    }
    expect(runRaPki(cwd, ["crl", "--ca", "Issuing CA"]).status).toBe(0);
    expect(runRaPki(cwd, ["issue", "--name", "b", ...EC]).status).toBe(0);
  });
});

describe("ra-pki says what the system refused", () => {
  it.each([
    [
      "a folder that is a file",
      ["init", "--dir", "file"],
      /file.rootCA\.key: ENOTDIR: a part of the path is a file where a folder/,
    ],
    ["a folder below a file", ["init", "--dir", "file/pki"], /a part of the path is a file/],
    [
      "a folder that is missing",
      ["status", "--dir", "nope"],
      /folder nope: ENOENT: it does not exist; check/,
    ],
    ["a folder in place of a file", ["inspect", "."], /cannot read \.: EISDIR: it is a folder; give a file/],
    ["a list that is missing", ["issue", "--list", "nope"], /nope: cannot read it: .*does not exist; check/],
  ])("for %s", (_, args, message) => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, "file"), "");
    const { status, stderr } = runRaPki(cwd, args);

    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ra-pki: [^\n]*\n$/);
  });

  it("and refuses two sources of one passphrase", () => {
    const { status, stderr } = runRaPki(folder(), [
      ...["issue", "--name", "a", "--passphrase-env", "A", "--passphrase-file", "b"],
    ]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/'--passphrase-env <variable>' cannot be used with .*'--passphrase-file/),
    });
  });
});

describe("ra-pki issue --list", () => {
  it.each([
    {
      title: "CSV",
      file: "servers.csv",
      text: '\uFEFFname,subject,san,validityDays\na,/OU=One,dns:a.example uri:urn:a,7\r\n\n"b, Inc",,,\n',
    },
    {
      title: "JSON",
      file: "servers.json",
      text: JSON.stringify([
        { name: "a", subject: "/OU=One", san: ["dns:a.example", "uri:urn:a"], validityDays: 7 },
        "b, Inc",
      ]),
    },
  ])("reads $title, tells how far it is, and goes on after a stop", ({ file, text }) => {
    const cwd = folder();
    writeFileSync(join(cwd, file), text);
    const first = runRaPki(cwd, ["issue", "--list", file, ...EC, "--json"]);
    const again = runRaPki(cwd, ["issue", "--list", file, ...EC]);

    const lines = first.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ subject: "/OU=One/CN=a" }, { commonName: "b, Inc" }]);
    expect(Date.parse(lines[0].notAfter) - Date.parse(lines[0].notBefore)).toBe(7 * 86_400_000);
    expect(first.stderr).toContain("issued 1 of 2\n");
    expect(first.stderr).toContain(`Issued 2 client certificates for the servers in ${file}\n`);
    expect(first.stderr).toContain("WARN_PKI_NOT_A_SOURCE_IDENTITY");
    expect(again.stderr).toContain(`Issued 0 client certificates for the servers in ${file}\n`);
    expect(again.stderr).toContain("skipped      2 that had a certificate already\n");
    expect(openssl(["x509", "-noout", "-ext", "subjectAltName", "-in", join(cwd, "pki", "a.pem")])).toContain(
      "DNS:a.example, URI:urn:a",
    );
  });

  it.each([
    { title: "a JSON object", text: '{ "name": "a" }', message: /JSON object; give an array/ },
    { title: "semicolons", text: "name;san\na;dns:a\n", message: /separate the columns with commas: name,/ },
    { title: "no server", text: "name\n", message: /it has no server/ },
    {
      title: "a column that is not known",
      text: "name,colour\na,red\n",
      message: /server 1: "colour" is not known/,
    },
    { title: "no name", text: "san\ndns:a.example\n", message: /server 1: it has no name/ },
    { title: "a row that is too long", text: "name\na,b\n", message: /Invalid Record Length/ },
    { title: "broken JSON", text: "[", message: /it is no JSON/ },
    {
      title: "days in words",
      text: "name,validityDays\na,ten\n",
      message: /server 1: validityDays is not a whole/,
    },
    {
      title: "a name without its type",
      text: "name,san\na,a.example\n",
      message: /server 1: Begin with dns:/,
    },
    { title: "a name that repeats", text: "name\na\na\n", message: /the list has "a" twice/ },
  ])("refuses $title as wrong usage", ({ text, message }) => {
    const cwd = folder();
    writeFileSync(join(cwd, "list"), text);
    const { status, stderr } = runRaPki(cwd, ["issue", "--list", "list", ...EC]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(message) });
    expect(stderr).toContain("[ERR_PKI_LIST_INVALID]");
  });

  it("does not go with --name", () => {
    const { status, stderr } = runRaPki(folder(), ["issue", "--list", "list", "--name", "a"]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "ra-pki: --list brings its own names; leave --name and --san out; see ra-pki --help\n",
    });
  });
});
