import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder with a `config` file whose profile `roles-anywhere` runs a real process, which counts its runs. */
export class FakeCredentialProcess {
  readonly folder = mkdtempSync(join(tmpdir(), "nestjs-s3-"));
  readonly configFile = join(this.folder, "config");
  readonly #script = join(this.folder, "credential-process.mjs");
  readonly #runs = join(this.folder, "runs");

  constructor() {
    const command = `"${process.execPath}" "${this.#script}" --pkcs8-password hunter2hunter2`;
    writeFileSync(this.configFile, `[profile roles-anywhere]\ncredential_process = ${command}\n`);
    this.succeed(new Date(Date.now() + 3_600_000));
  }

  /** How often it has been run. */
  get runs(): number {
    return existsSync(this.#runs) ? readFileSync(this.#runs, "utf8").length : 0;
  }

  /** From now on it prints credentials that expire at the given time. */
  succeed(expiration: Date): void {
    const credentials = {
      Version: 1,
      AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
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
