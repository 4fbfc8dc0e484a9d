import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "@roles-anywhere/testing";

/** A folder with a `config` file whose profile `roles-anywhere` runs a real process, which counts its runs. */
export class FakeCredentialProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "nestjs-s3-"));
  readonly configFile = join(this.folder, "config");
  readonly certificate = join(this.folder, "client.pem");
  readonly #script = join(this.folder, "credential-process.mjs");
  readonly #runs = join(this.folder, "runs");
  #sessions = 0;

  constructor() {
    this.writeProfile();
    this.writeCertificate(new Date(Date.now() + 90.5 * 86_400_000));
    this.succeed(new Date(Date.now() + 3_600_000));
  }

  writeProfile(): void {
    const command = `"${process.execPath}" "${this.#script}" --certificate "${this.certificate}" --pkcs8-password hunter2hunter2`;
    writeFileSync(this.configFile, `[profile roles-anywhere]\ncredential_process = ${command}\n`);
  }

  writeCertificate(notAfter: Date): void {
    const { certificatePem } = makeCertificate({
      subject: [
        ["CN", "server"],
        ["O", "Example"],
      ],
      serialNumber: 0x5f3an,
      notAfter,
    });
    writeFileSync(this.certificate, certificatePem);
  }

  /** How often it has been run. */
  get runs(): number {
    return existsSync(this.#runs) ? readFileSync(this.#runs, "utf8").length : 0;
  }

  /** From now on it prints the credentials of another session, which expires at the given time. */
  succeed(expiration: Date): void {
    this.#sessions += 1;
    const credentials = {
      Version: 1,
      AccessKeyId: `ASIAIOSFODNN7EXAMPLE${this.#sessions}`,
      SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      SessionToken: "session-token",
      Expiration: expiration.toISOString(),
    };
    this.#behave(`process.stdout.write(${JSON.stringify(JSON.stringify(credentials))});`);
  }

  /** From now on it writes this to stderr and exits with 1. */
  fail(stderr: string): void {
    this.#behave(`process.stderr.write(${JSON.stringify(stderr)}); process.exitCode = 1;`);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #behave(statements: string): void {
    const count = `import { appendFileSync } from "node:fs";\nappendFileSync(${JSON.stringify(this.#runs)}, "+");\n`;
    writeFileSync(this.#script, count + statements);
  }
}
