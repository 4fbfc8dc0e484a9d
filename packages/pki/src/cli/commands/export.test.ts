import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openssl } from "@roles-anywhere/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { runRaPki } from "../../../test/support/run-ra-pki.ts";
import { fileMode, fingerprint, temporaryDirectory } from "../../../test/support/temporary-directory.ts";

describe("ra-pki export", () => {
  let cwd: string;
  beforeEach(() => {
    cwd = temporaryDirectory();
    runRaPki(cwd, ["init", "--key-type", "ec-p256"]);
    runRaPki(cwd, ["issue", "--name", "server-a", "--key-type", "ec-p256"]);
  });

  it("writes one file that OpenSSL opens with the passphrase of a variable, and says where it is", () => {
    const args = ["export", "server-a", "--p12", "--new-passphrase-env", "P12_PASSPHRASE", "--json"];
    const { status, stdout, stderr } = runRaPki(cwd, args, { P12_PASSPHRASE: "secret" });
    const path = join(cwd, "pki/server-a.p12");

    expect({ status, data: JSON.parse(stdout) }).toEqual({ status: 0, data: { path } });
    expect(stderr).toBe(
      'Exported the certificate "server-a" with its key\n' +
        "  file         pki/server-a.p12 (mode 0600; the passphrase protects it where it goes)\n" +
        "  next         openssl pkcs12 -info -nokeys -in pki/server-a.p12\n",
    );
    expect(fileMode(path)).toBe("600");
    const key = openssl(["pkcs12", "-in", path, "-passin", "pass:secret", "-nocerts", "-nodes"]);
    expect(openssl(["pkey", "-pubout"], key)).toBe(
      openssl(["pkey", "-pubout", "-in", join(cwd, "pki/server-a.key")]),
    );
  });

  it("takes the passphrase of a file, and another path", () => {
    writeFileSync(join(cwd, "passphrase"), "secret\n", { mode: 0o600 });
    const args = ["export", "server-a", "--p12", "--new-passphrase-file", "passphrase", "--out", "a.p12"];
    expect(runRaPki(cwd, args)).toMatchObject({ status: 0, stdout: "" });
    expect(() =>
      openssl(["pkcs12", "-in", join(cwd, "a.p12"), "-passin", "pass:secret", "-nokeys"]),
    ).not.toThrow();
    expect(readdirSync(join(cwd, "pki"))).not.toContain("server-a.p12");
  });

  it.each([
    ["a file that exists", ["server-a", "--p12", "--out", "pki/server-a.key"], 1, /\[ERR_PKI_FILE_EXISTS\]/],
    [
      "a certificate that is not there",
      ["server-b", "--p12"],
      1,
      /there is no pki\/server-b\.pem.*\[ERR_PKI_CERTIFICATE_NOT_FOUND\]/,
    ],
    ["the key of the CA", ["rootCA", "--p12"], 2, /\[ERR_PKI_UNSAFE_FILE_NAME\]/],
    ["no form", ["server-a"], 2, /'--p12' not specified/],
  ])("refuses %s in one line and changes nothing", (_, args, status, message) => {
    const before = fingerprint(cwd);
    const result = runRaPki(cwd, ["export", ...args, "--new-passphrase-env", "P12_PASSPHRASE"], {
      P12_PASSPHRASE: "secret",
    });
    expect(result).toMatchObject({ status, stdout: "" });
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trim().split("\n")).toHaveLength(1);
    expect(fingerprint(cwd)).toEqual(before);
  });

  it.each([
    [
      "an empty passphrase",
      { P12_PASSPHRASE: "" },
      ["--new-passphrase-env", "P12_PASSPHRASE"],
      /not set or empty/,
    ],
    ["no terminal to ask at", {}, [], /no terminal to ask for it/],
  ])("refuses %s", (_, environment, args, message) => {
    const result = runRaPki(cwd, ["export", "server-a", "--p12", ...args], environment);
    expect(result).toMatchObject({ status: 1, stdout: "" });
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/\[ERR_PKI_PASSPHRASE\]/);
  });
});
