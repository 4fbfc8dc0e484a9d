import { writeFileSync } from "node:fs";
import { makeCertificate, temporaryFolder } from "@roles-anywhere/testing";

/** The settings of a server that asks Roles Anywhere by itself, without those that name files. */
export const ARNS = {
  TRUST_ANCHOR_ARN: "arn:aws:rolesanywhere:eu-central-1:123456789012:trust-anchor/9f4f4a1e",
  PROFILE_ARN: "arn:aws:rolesanywhere:eu-central-1:123456789012:profile/1b2c3d4e",
  ROLE_ARN: "arn:aws:iam::123456789012:role/Reader",
} as const;

/** A folder with a certificate and its key. */
export class ClientCertificate {
  readonly #folder = temporaryFolder();
  readonly certificate = this.#folder.join("client.pem");
  readonly privateKey = this.#folder.join("client.key");

  constructor() {
    const { certificatePem, privateKeyPem } = makeCertificate({ subject: [["CN", "server"]] });
    writeFileSync(this.certificate, certificatePem);
    writeFileSync(this.privateKey, privateKeyPem, { mode: 0o600 });
  }

  get folder(): string {
    return this.#folder.path;
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
    this.#folder[Symbol.dispose]();
  }
}
