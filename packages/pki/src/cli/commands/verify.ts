import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { basename, dirname } from "node:path";
import type { Command } from "commander";
import { writeAll } from "@roles-anywhere/files";
import { toIsoSeconds } from "../../certificate/validity.ts";
import { PkiError } from "../../errors.ts";
import { isEncryptedKey } from "../../keys/encrypt-private-key.ts";
import { readPem } from "../../pem.ts";
import { authorityPaths } from "../../storage/layout.ts";
import { parseTime, readChain, readInput, readKeyBeside, readOptional, readTrustAnchor } from "../inputs.ts";
import { addPassphraseOptions, passphraseOf } from "../passphrase.ts";
import type { PassphraseFlags } from "../passphrase.ts";
import { printable } from "../printable.ts";
import { printJson } from "../report.ts";
import type { Warn } from "../report.ts";

interface VerifyFlags extends PassphraseFlags {
  readonly ca?: string | undefined;
  readonly intermediates?: string | undefined;
  readonly crl?: string | undefined;
  readonly key?: string | undefined;
  readonly at?: Date | undefined;
  readonly json: boolean;
}

export function addVerify(program: Command, warn: Warn): void {
  const command = program
    .command("verify")
    .description("Verify a certificate: chain, validity, revocation, and that the key belongs to it.")
    .argument("<certificate>", "PEM or DER file")
    .option(
      "--ca <file>",
      "the trusted certificates, PEM (default: rootCA.pem beside it, which must be there)",
    )
    .option("--intermediates <file>", "certificates between, PEM (default: <name>.chain.pem beside it)")
    .option(
      "--crl <file>",
      "revocation lists, PEM, one of each CA above it (default: none, revocation is not looked at)",
    )
    .option("--key <file>", "its private key, PEM (default: <name>.key beside it, if there is one)")
    .option("--at <time>", "when it should be valid, for example 2027-01-31 (default: now)", parseTime)
    .option("--json", "print one line of JSON", false);
  addPassphraseOptions(command);
  command
    .addHelpText(
      "after",
      "\nExample:\n  ra-pki verify pki/server-a.pem --crl pki/rootCA.crl.pem\n\nExit status: 0 verified, 1 not, 2 wrong usage.",
    )
    .action(async (path: string, flags: VerifyFlags) => {
      const certificate = await readInput(path);
      const key = await (flags.key === undefined ? readKeyBeside(path) : readInput(flags.key));
      const { verifyCertificate } = await import("../../inspection/verify-certificate.ts");
      const { notAfter, ...rest } = verifyCertificate({
        certificate,
        trustAnchor: await trustedBy(path, certificate, flags.ca),
        intermediates: await readChain(path, flags.intermediates),
        revocationLists: await readOptional(flags.crl),
        privateKey: key === undefined ? undefined : await openKey(key.toString("latin1"), flags, warn),
        at: flags.at,
      });
      process.exitCode = rest.verified ? 0 : 1;
      if (flags.json) {
        printJson({ ...rest, notAfter: toIsoSeconds(notAfter) });
        return;
      }
      const checked = [
        "chain and validity",
        ...(flags.crl === undefined ? [] : ["revocation"]),
        ...(key === undefined ? [] : ["key"]),
      ];
      const lines = rest.verified
        ? [`${rest.subject}: verified (${checked.join(", ")}) until ${toIsoSeconds(notAfter)}`]
        : [
            `${rest.subject}: not verified`,
            ...rest.problems.map(({ code, message }) => `  ${message} [${code}]`),
          ];
      writeAll(1, lines.map((line) => `${printable(line)}\n`).join(""));
    });
}

/**
 * The certificates that are trusted: those of `--ca`, else the root CA of the folder, which trusts itself. Never those
 * that come with the certificate: whoever made them would decide whom to trust.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_NOT_FOUND when there are none
 */
async function trustedBy(path: string, certificate: Buffer, ca: string | undefined): Promise<Buffer> {
  const found = await readTrustAnchor(path, ca);
  if (found !== undefined) return found;
  const root = authorityPaths(dirname(path)).certificatePath;
  if (basename(path) === basename(root)) return certificate;
  throw new PkiError(
    "ERR_PKI_AUTHORITY_NOT_FOUND",
    `there is no ${root} to trust for ${path}; give the trusted certificates with --ca <file>`,
    { path: root },
  );
}

/** @throws {PkiError} ERR_PKI_KEY_UNSUPPORTED when it is no key, ERR_PKI_PASSPHRASE */
async function openKey(text: string, flags: VerifyFlags, warn: Warn): Promise<KeyObject> {
  const key = readPem(text).find(({ label }) => label.endsWith("PRIVATE KEY"))?.text ?? text;
  const passphrase = isEncryptedKey(key) ? await passphraseOf(flags, warn)() : undefined;
  try {
    return createPrivateKey({ key, passphrase });
  } catch (cause) {
    throw passphrase === undefined
      ? new PkiError("ERR_PKI_KEY_UNSUPPORTED", "the private key cannot be read; give a PEM private key", {
          cause,
        })
      : new PkiError(
          "ERR_PKI_PASSPHRASE",
          "the passphrase does not open the private key; give the right one",
          {
            cause,
          },
        );
  }
}
