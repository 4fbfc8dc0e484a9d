import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import {
  DEFAULT_AUTHORITY_COMMON_NAME,
  DEFAULT_AUTHORITY_VALIDITY_DAYS,
} from "../authority/create-root-certificate-authority.ts";
import { DEFAULT_CLIENT_VALIDITY_DAYS } from "../authority/issue-client-certificate.ts";
import { toIsoSeconds } from "../certificate/validity.ts";
import { storeClientCertificate, storeRootCertificateAuthority } from "../storage/store-certificate.ts";
import type { StoredCertificate } from "../storage/store-certificate.ts";

const EXAMPLES = `ra-pki: a private CA for AWS IAM Roles Anywhere

  $ ra-pki init
      makes pki/rootCA.pem and pki/rootCA.key: the CA, for ten years
  $ ra-pki issue --name nestjs-external-server
      makes pki/nestjs-external-server.pem and .key: a client certificate of that CA, for one year

"ra-pki --help", "ra-pki init --help" and "ra-pki issue --help" list the options.
`;

const EXIT_STATUS = `
Exit status: 0 done, 1 failed or refused (nothing has changed), 2 wrong usage.
Messages go to stderr; stdout has only what --json asks for.`;

interface StorageFlags {
  readonly dir: string;
  readonly validityDays: number;
  readonly force: boolean;
  readonly json: boolean;
}

export interface ProgramInit {
  readonly version: string;
  /** Writes one line about the command to stderr. */
  readonly warn: (message: string) => void;
}

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

/** Makes the command `ra-pki`. When arguments are wrong, it prints the error and then throws a CommanderError. */
export function createProgram({ version, warn }: ProgramInit): Command {
  const program = new Command("ra-pki")
    .description("A private CA for AWS IAM Roles Anywhere: the root CA, and client certificates for servers.")
    .version(version, "--version", "print the version")
    .addHelpText(
      "after",
      `\nExample:\n  ra-pki init && ra-pki issue --name nestjs-external-server\n${EXIT_STATUS}`,
    )
    .configureOutput({ outputError: (text) => warn(`${toOneLine(text)}; see ra-pki --help`) })
    .exitOverride()
    .action(() => {
      process.stdout.write(EXAMPLES);
    });

  command("init", "Make a root CA: rootCA.pem (0644) and rootCA.key (0400).", {
    days: DEFAULT_AUTHORITY_VALIDITY_DAYS,
    description: "days until the CA expires",
  })
    .option(
      "--common-name <name>",
      "common name of the CA, 1 to 64 characters",
      DEFAULT_AUTHORITY_COMMON_NAME,
    )
    .addHelpText("after", '\nExample:\n  ra-pki init --dir pki --common-name "Example Root"')
    .action(async ({ dir, force, json, ...flags }: StorageFlags & { readonly commonName: string }) => {
      const stored = await storeRootCertificateAuthority({ ...flags, directory: dir, force });
      report(stored, json, {
        title: `Made the root CA "${stored.commonName}"`,
        keyNote: "mode 0400; whoever has it can issue certificates",
      });
    });

  command("issue", "Issue a client certificate: <name>.pem (0644) and <name>.key (0600).", {
    days: DEFAULT_CLIENT_VALIDITY_DAYS,
    description: "days until the certificate expires, not after its CA",
  })
    .requiredOption("--name <cn>", "common name of the client and name of its files, 1 to 64 characters")
    .addHelpText("after", "\nExample:\n  ra-pki issue --name nestjs-external-server --validity-days 90")
    .action(async ({ dir, force, json, name, ...flags }: StorageFlags & { readonly name: string }) => {
      const stored = await storeClientCertificate({ ...flags, commonName: name, directory: dir, force });
      report(stored, json, {
        title: `Issued the client certificate "${stored.commonName}"`,
        keyNote: "mode 0600; it stays on the client's machine",
      });
    });

  /** Adds a command that writes a certificate. */
  function command(
    name: string,
    description: string,
    validity: { days: number; description: string },
  ): Command {
    return program
      .command(name)
      .description(description)
      .option("--dir <folder>", "folder of the CA and its certificates", "pki")
      .option("--validity-days <days>", validity.description, parseDays, validity.days)
      .option("--force", "replace files that exist", false)
      .option("--json", "print one line of JSON on stdout: paths, serial number, dates, warnings", false);
  }

  /** Prints what was made, where and until when: on stderr for people and, with `json`, on stdout. Never prints the key. */
  function report(stored: StoredCertificate, json: boolean, text: { title: string; keyNote: string }): void {
    const notBefore = toIsoSeconds(stored.notBefore);
    const notAfter = toIsoSeconds(stored.notAfter);
    process.stderr.write(
      [
        text.title,
        `  certificate  ${stored.certificatePath}`,
        `  private key  ${stored.privateKeyPath} (${text.keyNote})`,
        `  valid        ${notBefore} to ${notAfter}`,
        `  serial       ${stored.serialNumber}`,
        "",
      ].join("\n"),
    );
    for (const { code, message } of stored.warnings) warn(`warning: ${message} [${code}]`);
    if (!json) return;
    const data = {
      commonName: stored.commonName,
      certificatePath: resolve(stored.certificatePath),
      privateKeyPath: resolve(stored.privateKeyPath),
      serialNumber: stored.serialNumber,
      serialNumberDecimal: BigInt(`0x${stored.serialNumber}`).toString(),
      notBefore,
      notAfter,
      warnings: stored.warnings,
    };
    process.stdout.write(`${JSON.stringify(data)}\n`);
  }

  return program;
}

function parseDays(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new InvalidArgumentError("Give a whole number of days, at least 1.");
  }
  return Number(text);
}
