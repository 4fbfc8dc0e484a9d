import { statSync } from "node:fs";

import { messageOf, SignerError } from "../errors.ts";
import { checkIdentity, exposureOf, identityWarnings, isoSeconds, loadIdentity } from "../keys/identity.ts";
import { holdsPem } from "../keys/pem.ts";
import { loadCertificate, loadCertificateChain } from "../keys/certificate.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { checkCertificate, checkChain } from "./check-certificate.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const DAY_MS = 86_400_000;

/** The findings about the files, and the identity that they hold. */
export interface ExaminedIdentity {
  readonly findings: readonly Finding[];
  /** Undefined when something is missing or damaged. */
  readonly identity: SigningIdentity | undefined;
}

/**
 * Reads certificate, intermediates and key, and checks them.
 *
 * @param sources Where the files are.
 * @param keyPath File of the key, if it is one.
 * @param moment Now.
 */
export function checkIdentityFiles(
  sources: IdentitySources,
  keyPath: string | undefined,
  moment: Date,
): ExaminedIdentity {
  const findings: Finding[] = [];
  const attempt = <Result>(check: string, remedy: string, act: () => Result): Result | undefined => {
    try {
      return act();
    } catch (error) {
      findings.push(fail(check, messageOf(error), remedy));
      return undefined;
    }
  };
  const certificate = attempt(
    "certificate file",
    "give a readable PEM or PKCS#12 file with --certificate, and its password with --pkcs8-password-env",
    () => loadCertificate(sources.certificate, sources.passphrase),
  );
  if (certificate !== undefined) {
    findings.push(ok("certificate file", `${certificate.name}, serial number ${certificate.serialNumber}`));
    findings.push(...checkOwnersOnlyMayWrite("certificate mode", sources.certificate));
    findings.push(...checkCertificate(certificate.x509));
  }
  const chain = attempt("intermediates", "give a PEM file of at most five certificates", () =>
    intermediatesOf(sources),
  );
  if (certificate !== undefined && chain !== undefined) {
    findings.push(...checkOwnersOnlyMayWrite("intermediates mode", sources.intermediates));
    findings.push(...checkChain(certificate.x509, chain, moment));
  }
  // A finding about the key alone would not help without a readable certificate and chain.
  if (certificate === undefined || chain === undefined) return { findings, identity: undefined };
  const identity = attempt("private key", "give the certificate's key with --private-key", () =>
    loadIdentity(sources),
  );
  if (identity === undefined) return { findings, identity: undefined };
  const type = identity.privateKey?.asymmetricKeyType ?? "";
  findings.push(ok("private key", `${type.toUpperCase()}${keyPath === undefined ? "" : `, "${keyPath}"`}`));

  const warnings = identityWarnings(certificate, keyPath, moment);
  const exposure = keyPath === undefined ? undefined : exposureOf(keyPath);
  if (exposure !== undefined) {
    const remedy = exposure.remedy.replace("chmod 600", `chmod 600 "${keyPath}"`);
    findings.push(warn("key file mode", "others may read the key", remedy));
  } else if (keyPath !== undefined) {
    findings.push(ok("key file mode", octal(statSync(keyPath).mode)));
  }

  const { validToDate } = certificate.x509;
  try {
    checkIdentity(certificate, undefined, moment);
    const days = Math.floor((validToDate.getTime() - moment.getTime()) / DAY_MS);
    const message = `until ${isoSeconds(validToDate)}, ${days === 1 ? "1 day" : `${days} days`} left`;
    const late = warnings.some((warning) => warning.startsWith("certificate"));
    findings.push(late ? warn("validity", message, "issue a new certificate soon") : ok("validity", message));
  } catch (error) {
    const early = error instanceof SignerError && error.code === "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID";
    const remedy = early ? "check this machine's clock, or wait" : "issue a new certificate";
    findings.push(fail("validity", messageOf(error), remedy));
  }
  findings.push(
    identity.privateKey !== undefined && certificate.x509.checkPrivateKey(identity.privateKey)
      ? ok("key pair", "the key is the certificate's")
      : fail(
          "key pair",
          "the key is not the certificate's",
          "give the key that the certificate was issued for",
        ),
  );
  return { findings, identity };
}

/** Reads the intermediates. Those of a PKCS#12 file are read with its key; a later check reports a problem of the key. */
function intermediatesOf(sources: IdentitySources): readonly Uint8Array[] {
  if (sources.intermediates !== undefined) return loadCertificateChain(sources.intermediates);
  try {
    return loadIdentity(sources).intermediates;
  } catch {
    return [];
  }
}

/** A user who may write a certificate file could replace the identity. The file need not be secret. */
function checkOwnersOnlyMayWrite(
  check: string,
  source: IdentitySources["certificate"] | IdentitySources["intermediates"],
): readonly Finding[] {
  if (typeof source !== "string" || holdsPem(source) || process.platform === "win32") return [];
  const mode = statSync(source, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return [];
  return (mode & 0o022) === 0
    ? [ok(check, octal(mode))]
    : [warn(check, `others may change the file, mode ${octal(mode)}`, `chmod go-w "${source}"`)];
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
