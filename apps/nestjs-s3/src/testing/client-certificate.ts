import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The settings of a server that asks Roles Anywhere by itself, without those that name files. */
export const ARNS = {
  TRUST_ANCHOR_ARN: "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/9f4f4a1e",
  PROFILE_ARN: "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/1b2c3d4e",
  ROLE_ARN: "arn:aws:iam::123456789012:role/Reader",
} as const;

/** A folder with a certificate for a day and its key, made by OpenSSL. */
export class ClientCertificate {
  readonly folder = mkdtempSync(join(tmpdir(), "nestjs-s3-"));
  readonly certificate = join(this.folder, "client.pem");
  readonly privateKey = join(this.folder, "client.key");

  constructor() {
    const config = join(this.folder, "openssl.cnf");
    writeFileSync(config, "[req]\ndistinguished_name = n\n[n]\n");
    execFileSync(
      "openssl",
      [
        ...[
          "req",
          "-x509",
          "-config",
          config,
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:P-256",
          "-nodes",
        ],
        ...["-subj", "/CN=server", "-days", "1", "-keyout", this.privateKey, "-out", this.certificate],
        ...["-addext", "basicConstraints=CA:FALSE", "-addext", "keyUsage=digitalSignature"],
      ],
      { stdio: "pipe" },
    );
  }

  /** The variables that make a server use it. */
  get variables(): Record<string, string> {
    return {
      CREDENTIALS: "in-process",
      CERTIFICATE: this.certificate,
      PRIVATE_KEY: this.privateKey,
      ...ARNS,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
