import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { openssl } from "@roles-anywhere/testing";
import { certificateField } from "../../test/support/certificate-text.ts";
import { fileMode, fingerprint, temporaryDirectory } from "../../test/support/temporary-directory.ts";

// The built program, as it is installed: `npm run build` comes first.
const builtPath = fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url));
const mainPath = fileURLToPath(new URL("../../bin/ra-pki.js", import.meta.url));

function run(cwd: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainPath, ...args], {
    cwd,
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

beforeAll(() => {
  if (!existsSync(builtPath)) throw new Error(`${builtPath} is missing; run: npm run build -w packages/pki`);
});

describe("ra-pki", () => {
  it("shows examples when it is called bare, and touches nothing", () => {
    const cwd = temporaryDirectory();
    const { status, stdout, stderr } = run(cwd);

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("$ ra-pki init\n");
    expect(stdout).toContain("$ ra-pki issue --name nestjs-external-server\n");
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    { args: ["help"], parts: ["init", "issue", "Exit status: 0 done, 1 failed"] },
    { args: ["help", "init"], parts: ["days until the CA expires (default: 3650)"] },
    { args: ["--help"], parts: ["init", "issue", "Exit status: 0 done, 1 failed"] },
    {
      args: ["init", "--help"],
      parts: [
        '(default: "pki")',
        '(default: "MyRootCA")',
        "days until the CA expires (default: 3650)",
        "--force",
      ],
    },
    {
      args: ["issue", "--help"],
      parts: ["--name <cn>", '(default: "pki")', "(default: 365)", "--force", "--json"],
    },
  ])("explains itself on stdout for $args", ({ args, parts }) => {
    const { status, stdout, stderr } = run(temporaryDirectory(), ...args);

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const text = stdout.replaceAll(/\s+/g, " ");
    expect(parts.filter((part) => !text.includes(part))).toEqual([]);
  });

  it.each([
    {
      title: "an unknown command",
      args: ["explode"],
      message: /there is no command explode; see ra-pki --help/,
    },
    {
      title: "an unknown command with options",
      args: ["explode", "--name", "a"],
      message: /there is no command explode; see ra-pki --help/,
    },
    { title: "an unknown option of no command", args: ["--colour"], message: /unknown option '--colour'/ },
    { title: "an unknown option", args: ["init", "--colour"], message: /unknown option '--colour'/ },
    { title: "an argument too many", args: ["init", "here"], message: /too many arguments/ },
    { title: "issue without a name", args: ["issue"], message: /'--name <cn>' not specified/ },
    { title: "an option without its value", args: ["init", "--dir"], message: /argument missing/ },
    { title: "days in words", args: ["init", "--validity-days", "ten"], message: /whole number of days/ },
    { title: "zero days", args: ["init", "--validity-days", "0"], message: /whole number of days/ },
    { title: "half a day", args: ["init", "--validity-days", "0.5"], message: /whole number of days/ },
    {
      title: "days beyond 9999",
      args: ["init", "--validity-days", "9999999"],
      message: /ERR_PKI_INVALID_VALIDITY/,
    },
    { title: "an empty CA name", args: ["init", "--common-name", ""], message: /ERR_PKI_INVALID_SUBJECT/ },
    { title: "an unsafe name", args: ["issue", "--name", "../x"], message: /ERR_PKI_UNSAFE_FILE_NAME/ },
  ])("exits 2 on $title, with stderr only, and touches nothing", ({ args, message }) => {
    const cwd = temporaryDirectory();
    const { status, stdout, stderr } = run(cwd, ...args);

    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ra-pki: [^\n]*\n$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("makes a CA and a client certificate that verify, and says on stderr what, where, until when", () => {
    const cwd = temporaryDirectory();
    const init = run(cwd, "init");
    const issue = run(cwd, "issue", "--name", "nestjs-external-server");
    const path = join("pki", "nestjs-external-server.pem");
    const certificatePem = readFileSync(join(cwd, path), "utf8");

    expect({ status: init.status, stdout: init.stdout }).toEqual({ status: 0, stdout: "" });
    expect(init.stderr).toMatch(/^Made the root CA "MyRootCA"\n/);
    expect({ status: issue.status, stdout: issue.stdout }).toEqual({ status: 0, stdout: "" });
    expect(issue.stderr).toContain('Issued the client certificate "nestjs-external-server"\n');
    expect(issue.stderr).toContain(`certificate  ${path}\n`);
    expect(issue.stderr).toContain(`serial       ${certificateField(certificatePem, "-serial")}\n`);
    expect(issue.stderr).toContain(
      ` to ${new Date(certificateField(certificatePem, "-enddate")).toISOString().replace(".000Z", "Z")}\n`,
    );
    expect(openssl(["verify", "-CAfile", join(cwd, "pki", "rootCA.pem"), join(cwd, path)])).toContain("OK");
    expect(
      ["rootCA.pem", "rootCA.key", "nestjs-external-server.pem", "nestjs-external-server.key"].map((name) =>
        fileMode(join(cwd, "pki", name)),
      ),
    ).toEqual(["644", "400", "644", "600"]);
  });

  it("prints one line of JSON on stdout when asked, with absolute paths and both forms of the serial number", () => {
    const cwd = temporaryDirectory();
    const directory = join(cwd, "ca");
    const init = run(
      cwd,
      "init",
      "--dir",
      "ca",
      "--common-name",
      "Other CA",
      "--validity-days",
      "30",
      "--json",
    );
    const { status, stdout } = run(
      cwd,
      "issue",
      "--dir",
      "ca",
      "--name",
      "a b",
      "--validity-days",
      "7",
      "--json",
    );
    const certificatePath = join(directory, "a b.pem");
    const certificatePem = readFileSync(certificatePath, "utf8");
    const iso = (option: string) =>
      new Date(certificateField(certificatePem, option)).toISOString().replace(".000Z", "Z");

    expect(JSON.parse(init.stdout)).toMatchObject({ commonName: "Other CA" });
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([expect.any(String), ""]);
    expect(JSON.parse(stdout)).toEqual({
      commonName: "a b",
      subject: "/CN=a b",
      certificatePath,
      privateKeyPath: join(directory, "a b.key"),
      keyType: "rsa-2048",
      serialNumber: certificateField(certificatePem, "-serial"),
      serialNumberDecimal: BigInt(`0x${certificateField(certificatePem, "-serial")}`).toString(),
      notBefore: iso("-startdate"),
      notAfter: iso("-enddate"),
      warnings: [],
    });
    expect(Date.parse(iso("-enddate")) - Date.parse(iso("-startdate"))).toBe(7 * 86_400_000);
  });

  it("exits 1 when it refuses, names file and remedy on stderr, and changes nothing", () => {
    const cwd = temporaryDirectory();
    run(cwd, "init");
    const before = fingerprint(cwd);
    const { status, stdout, stderr } = run(cwd, "init", "--json");

    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      `ra-pki: ${join("pki", "rootCA.key")} exists and is left as it is; use --force to replace it, ` +
        "or another folder or name [ERR_PKI_FILE_EXISTS]\n",
    );
    expect(fingerprint(cwd)).toEqual(before);
  });

  it("exits 1 without a CA, and says how to make one", () => {
    const { status, stdout, stderr } = run(temporaryDirectory(), "issue", "--name", "x", "--dir", "ca");

    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("make one with: ra-pki init --dir ca [ERR_PKI_AUTHORITY_NOT_FOUND]");
  });

  it("prints its version", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(run(temporaryDirectory(), "--version")).toEqual({
      status: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });

  it.each(["16.20.2", "20.19.0", "21.7.3", "22.21.0", "23.11.0"])(
    "says in one sentence which Node.js it needs under %s",
    (version) => {
      // The command reads the version before it loads anything else, so a changed version stands for an older Node.js.
      const preload = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`;
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", preload, mainPath, "init"],
        { cwd: temporaryDirectory(), encoding: "utf8" },
      );
      expect({ status, stdout, stderr }).toEqual({
        status: 1,
        stdout: "",
        stderr: `ra-pki: this is Node.js ${version}; install Node.js 22.22 or later of that line, or 24 or later\n`,
      });
    },
  );

  it.each([
    ["init", "--common-name", "R&D Root", "WARN_PKI_NOT_A_SESSION_TAG"],
    ["issue", "--name", "Acme, Inc", "WARN_PKI_NOT_A_SOURCE_IDENTITY"],
  ])("warns when %s %s %j gives names that AWS may refuse, and does it", (command, flag, name, code) => {
    const cwd = temporaryDirectory();
    if (command === "issue") run(cwd, "init");
    const { status, stdout, stderr } = run(cwd, command, flag, name, "--json");

    expect(status).toBe(0);
    expect(stderr).toMatch(
      new RegExp(`\nra-pki: warning: .*${name.slice(0, 3)}.*; choose .* \\[${code}\\]\n$`),
    );
    expect(JSON.parse(stdout)).toMatchObject({ warnings: [{ code }] });
  });

  it("warns when others can read the key of the CA", () => {
    const cwd = temporaryDirectory();
    run(cwd, "init");
    chmodSync(join(cwd, "pki", "rootCA.key"), 0o644);
    const { status, stderr } = run(cwd, "issue", "--name", "x");

    expect(status).toBe(0);
    expect(stderr).toContain(
      `ra-pki: warning: ${join("pki", "rootCA.key")} has the mode 0644, so others may use the key of the CA; ` +
        `close it with: chmod 400 ${join("pki", "rootCA.key")} [WARN_PKI_KEY_READABLE]\n`,
    );
  });

  it("makes folder and files for their owner alone, whatever the umask", () => {
    const cwd = temporaryDirectory();
    execFileSync(
      "sh",
      ["-c", `umask 000; "$0" "$1" init; "$0" "$1" issue --name x`, process.execPath, mainPath],
      {
        cwd,
        stdio: "pipe",
      },
    );
    expect(fingerprint(cwd).map((entry) => entry.split(" ").slice(0, 2).join(" "))).toEqual([
      "pki 700",
      "pki/issued.jsonl 600",
      "pki/rootCA.key 400",
      "pki/rootCA.pem 644",
      "pki/x.key 600",
      "pki/x.pem 644",
    ]);
  });

  it("shows control characters of an argument as escapes", () => {
    const { stderr } = run(temporaryDirectory(), "init", "--\u001B[2J\u0007");
    expect(stderr).toBe("ra-pki: unknown option '--\\u{1b}[2J\\u{7}'; see ra-pki --help\n");
  });

  it("replaces a CA with --force and then issues with the new one", () => {
    const cwd = temporaryDirectory();
    run(cwd, "init");
    const { status } = run(cwd, "init", "--force", "--common-name", "Second");
    run(cwd, "issue", "--name", "x");
    const first = readFileSync(join(cwd, "pki", "x.pem"), "utf8");
    const again = run(cwd, "issue", "--name", "x", "--force");

    expect([status, again.status]).toEqual([0, 0]);
    expect(certificateField(first, "-issuer")).toMatch(/CN ?= ?Second/);
    expect(readFileSync(join(cwd, "pki", "x.pem"), "utf8")).not.toBe(first);
  });

  it("never prints a private key", () => {
    const cwd = temporaryDirectory();
    const init = run(cwd, "init", "--json");
    writeFileSync(join(cwd, "pki", "rootCA.pem"), readFileSync(join(cwd, "pki", "rootCA.key")));
    const issue = run(cwd, "issue", "--name", "x");
    const secret = readFileSync(join(cwd, "pki", "rootCA.key"), "utf8").split("\n")[1] ?? "";

    expect(issue.status).toBe(1);
    expect(secret).toHaveLength(64);
    expect(init.stdout + init.stderr + issue.stdout + issue.stderr).not.toContain(secret);
  });
});
