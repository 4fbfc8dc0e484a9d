import { readFileSync, writeFileSync } from "node:fs";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { makeIdentity } from "../../test/support/identities.ts";
import { openssl, temporaryFolder } from "@roles-anywhere/testing";
import { exportPkcs12 } from "../../test/support/pkcs12.ts";
import { runCli } from "../../test/support/run-cli.ts";
import { hasTerminal, runInTerminal } from "../../test/support/terminal.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const PASSWORD = "pä€ 😀";
const p12 = folder.join("client.p12");
const certificate = folder.join("client.pem");
const plainKey = folder.join("plain.key");
const key = folder.join("client.key");
const withKey = ["sign-string", "--format", "text", "--certificate", certificate, "--private-key", key];
const withP12 = ["sign-string", "--format", "text", "--certificate", p12];
let signature: string;

beforeAll(async () => {
  const identity = makeIdentity("RSA-2048");
  writeFileSync(certificate, identity.certificatePem);
  writeFileSync(plainKey, identity.privateKeyPem, { mode: 0o600 });
  writeFileSync(p12, exportPkcs12(identity, PASSWORD), { mode: 0o600 });
  const encrypted = openssl(["pkcs8", "-topk8", "-passout", `pass:${PASSWORD}`], identity.privateKeyPem);
  writeFileSync(key, encrypted, { mode: 0o600 });
  // RSA signatures are always the same.
  const plain = ["sign-string", "--format", "text", "--certificate", certificate, "--private-key", plainKey];
  signature = (await runCli(plain)).stdout;
});

describe.runIf(hasTerminal)("a password that was not given, at a terminal", () => {
  it.each([
    ["an encrypted key", withKey, key],
    ["a PKCS#12 file", withP12, p12],
  ])("is asked for with %s, and not shown", async (_title, words, path) => {
    const { screen, code } = await runInTerminal(words, [["Password of", `${PASSWORD}\r`]]);
    expect(screen.replaceAll("\r\n", "\n")).toBe(`Password of "${path}": \n${signature}`);
    expect(code).toBe(0);
  });

  it("is asked for by read-certificate-data", async () => {
    const words = ["read-certificate-data", "--certificate", p12];
    const { screen, code } = await runInTerminal(words, [["Password of", `${PASSWORD}\r`]]);
    expect(screen).toContain('"keyType":"RSA"');
    expect(code).toBe(0);
  });

  it.each([
    ["Backspace", `x\u007f${PASSWORD}z\u007f\r`],
    ["Backspace on a character of two UTF-16 units", `${PASSWORD}😀\u007f\r`],
    ["Backspace on an empty line", `\b${PASSWORD}\r`],
    ["Ctrl-U", `wrong\u0015${PASSWORD}\r`],
    ["Ctrl-D for Enter", `${PASSWORD}\u0004`],
    ["a line feed for Enter", `${PASSWORD}\n`],
  ])("can be typed with %s", async (_title, typed) => {
    const { screen, code } = await runInTerminal(withP12, [["Password of", typed]]);
    expect(screen).toContain(signature);
    expect(code).toBe(0);
  });

  it.each([
    ["a wrong one", "hunter2\r", 1, /incorrect PKCS#12 password/],
    ["Enter alone", "\r", 1, /has a password; give it/],
    ["Ctrl-D alone", "\u0004", 1, /has a password; give it/],
  ])("ends the command after %s", async (_title, typed, expected, message) => {
    const { screen, code } = await runInTerminal(withP12, [["Password of", typed]]);
    expect(screen).toMatch(message);
    expect(screen).not.toContain("hunter2");
    expect(code).toBe(expected);
  });

  it("ends the command like any other at Ctrl-C", async () => {
    const { screen, code } = await runInTerminal(withP12, [["Password of", "\u0003"]]);
    expect(screen).toBe(`Password of "${p12}": \r\n`);
    expect(code).toBe(130);
  });

  it("is not asked for when stderr is no terminal", async () => {
    const errors = folder.join("errors");
    const { screen, code } = await runInTerminal(withP12, [], `2>'${errors}'`);
    expect({ screen, code }).toEqual({ screen: "", code: 1 });
    expect(readFileSync(errors, "utf8")).toMatch(/^ra-signer: .*has a password; give it/);
  });

  it("is not asked for when stdin is no terminal", async () => {
    const { screen, code } = await runInTerminal(withKey, [], "</dev/null");
    expect(screen).toMatch(/^ra-signer: .*encrypted; give its password/);
    expect(code).toBe(1);
  });

  it("is not asked for when the key is plain or the password is given", async () => {
    const words = [...withP12, "--pkcs8-password", PASSWORD];
    expect(await runInTerminal(words, [])).toEqual({ screen: signature, code: 0 });
  });
});

describe("a password that was not given, without a terminal", () => {
  it.each([
    ["an encrypted key", withKey, /the key is encrypted; give its password \(--pkcs8-password-env\)/],
    ["a PKCS#12 file", withP12, /has a password; give it \(--pkcs8-password-env\)/],
  ])("is an error with %s, whatever stdin holds", async (_title, words, message) => {
    expect(await runCli(words, {}, `${PASSWORD}\n`)).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(message),
    });
  });
});
