import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Story } from "./story.ts";

const run = promisify(execFile);

export function testPki(story: () => Story): void {
  it("OpenSSL accepts the client certificate under the root CA", async () => {
    const { caCertificatePath, certificatePath } = story().pki;
    const { stdout } = await run("openssl", [
      ...["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", caCertificatePath, certificatePath],
    ]);
    expect(stdout.trim()).toBe(`${certificatePath}: OK`);
  });

  it("only the owner can read the keys, and nobody can write the CA's", async () => {
    const { caKeyPath, privateKeyPath } = story().pki;
    expect((await stat(caKeyPath)).mode & 0o777).toBe(0o400);
    expect((await stat(privateKeyPath)).mode & 0o777).toBe(0o600);
  });
}
