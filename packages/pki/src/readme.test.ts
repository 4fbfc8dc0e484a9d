import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createRootCertificateAuthority } from "./authority/create-root-certificate-authority.ts";
import { issueClientCertificate } from "./authority/issue-client-certificate.ts";
import { sharedKeyPair } from "../test/support/key-pool.ts";
import { openssl } from "@roles-anywhere/testing";
import { extensionLines, extensionValues } from "../test/support/certificate-text.ts";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";

const packageDirectory = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(packageDirectory, "README.md"), "utf8");
const reference = readFileSync(join(packageDirectory, "../../docs/pki.md"), "utf8");

/** The first block of that language. */
function block(language: string, page = readme): string {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1];
  if (found === undefined) throw new Error(`the page has no ${language} block`);
  return found;
}

/** Runs a shell command in which `ra-pki` is the built program; returns stdout and stderr together. */
function shell(script: string, cwd: string): string {
  const bin = join(cwd, ".bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, "ra-pki"),
    `#!/bin/sh\nexec "${process.execPath}" "${join(packageDirectory, "bin/ra-pki.js")}" "$@"\n`,
    { mode: 0o755 },
  );
  return execFileSync("sh", ["-e", "-c", `exec 2>&1\n${script}`], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
  });
}

function mask(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "<date>")
    .replaceAll(/\b[\dA-F]{32}\b/g, "<serial>");
}

describe("the pages", () => {
  it("show a true transcript", () => {
    const cwd = temporaryDirectory();
    const steps = block("console").split(/^\$ /m).slice(1);

    expect(steps).toHaveLength(3);
    for (const step of steps) {
      const [command = "", ...output] = step.split("\n");
      expect(mask(shell(command, cwd))).toBe(mask(output.join("\n")));
    }
  });

  it("show a library example that runs", () => {
    const stdout = execFileSync(process.execPath, ["--input-type=module", "--eval", block("js")], {
      cwd: packageDirectory,
      encoding: "utf8",
    });
    const certificate = new X509Certificate(stdout.slice(0, stdout.lastIndexOf("-----\n") + 6));

    expect(certificate.subject).toBe("OU=Engineering\nCN=server-1");
    expect(certificate.issuer).toBe("CN=Test CA");
    expect(certificate.subjectAltName).toBe("URI:spiffe://example.org/server-1");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("2020-12-31T23:59:59.000Z");
  });

  it("show commands by hand that lead to the same extensions, and a CA that ra-pki can use", async () => {
    const cwd = temporaryDirectory();
    shell(block("sh", reference), cwd);
    const dependencies = { generateKeyPair: sharedKeyPair };
    const authority = await createRootCertificateAuthority({}, dependencies);
    const client = await issueClientCertificate(
      { authority, commonName: "nestjs-external-server" },
      dependencies,
    );
    const byHand = (name: string) => readFileSync(join(cwd, name), "utf8");

    expect(extensionLines(byHand("rootCA.pem"))).toEqual(extensionLines(authority.certificatePem));
    expect(extensionLines(byHand("nestjs-external-server.pem"))).toEqual(
      extensionLines(client.certificatePem),
    );
    expect(extensionValues(authority.certificatePem)).toHaveLength(3);
    expect(extensionValues(byHand("rootCA.pem"))).toEqual(extensionValues(authority.certificatePem));
    expect(extensionValues(client.certificatePem)).toHaveLength(5);
    expect(extensionValues(byHand("nestjs-external-server.pem"))).toEqual(
      extensionValues(client.certificatePem),
    );
    shell("ra-pki issue --dir . --name another", cwd);
    expect(openssl(["verify", "-CAfile", join(cwd, "rootCA.pem"), join(cwd, "another.pem")])).toContain("OK");
  });

  it("list every error code, and no other", () => {
    const codes = (text: string) => [...new Set(text.match(/ERR_PKI_[A-Z_]+/g))].toSorted();
    const source = readFileSync(join(packageDirectory, "src/errors.ts"), "utf8");

    expect(codes(reference)).toEqual(codes(source));
  });
});
