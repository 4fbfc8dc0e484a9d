import { statSync } from "node:fs";

import { messageOf, SignerError } from "../errors.ts";
import { loadCertificate, loadCertificateChain } from "../keys/certificate.ts";
import { checkIdentity, exposureOf, identityWarnings, isoSeconds, loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { holdsPem } from "../keys/pem.ts";
import { checkCertificate, checkChain } from "./check-certificate.ts";
import { fail, judge, ok, warn } from "./finding.ts";
import type { Finding, Report } from "./finding.ts";

const DAY_MS = 86_400_000;

/** Reads certificate, intermediates and key, and checks them. Undefined when something is missing or damaged. */
export function checkIdentityFiles(
  sources: IdentitySources,
  keyPath: string | undefined,
  moment: Date,
  report: Report,
): SigningIdentity | undefined {
  const attempt = <Result>(check: string, act: () => Result): Result | undefined => {
    try {
      return act();
    } catch (error) {
      report(fail(check, messageOf(error)));
      return undefined;
    }
  };
  const certificate = attempt("certificate file", () =>
    loadCertificate(sources.certificate, sources.passphrase),
  );
  if (certificate !== undefined) {
    report(ok("certificate file", `${certificate.name}, serial number ${certificate.serialNumber}`));
    report(...checkOnlyOwnerMayWrite("certificate mode", sources.certificate));
    report(...checkCertificate(certificate.x509));
  }
  const chain = attempt("intermediates", () => intermediatesOf(sources));
  // A finding about the key alone would not help without a readable certificate and chain.
  if (certificate === undefined || chain === undefined) return undefined;
  report(...checkOnlyOwnerMayWrite("intermediates mode", sources.intermediates));
  report(...checkChain(certificate.x509, chain, moment));
  const identity = attempt("private key", () => loadIdentity(sources));
  if (identity === undefined) return undefined;
  const { privateKey } = identity;
  const type = privateKey?.asymmetricKeyType?.toUpperCase() ?? "";
  report(ok("private key", keyPath === undefined ? type : `${type}, "${keyPath}"`));
  if (keyPath !== undefined) report(checkKeyMode(keyPath));
  report(checkValidity(identity, moment));
  const isPair = privateKey !== undefined && identity.certificate.x509.checkPrivateKey(privateKey);
  report(judge("key pair", isPair, `the key is ${isPair ? "" : "not "}the certificate's`));
  return identity;
}

/** Those of a PKCS#12 file are read with its key; a later check reports a problem of the key. */
function intermediatesOf(sources: IdentitySources): readonly Uint8Array[] {
  if (sources.intermediates !== undefined) return loadCertificateChain(sources.intermediates);
  try {
    return loadIdentity(sources).intermediates;
  } catch {
    return [];
  }
}

/** A user who may write a certificate file could replace the identity. The file need not be secret. */
function checkOnlyOwnerMayWrite(
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

function checkKeyMode(path: string): Finding {
  const exposure = exposureOf(path);
  if (exposure === undefined) return ok("key file mode", octal(statSync(path).mode));
  const remedy = exposure.remedy.replace("chmod 600", `chmod 600 "${path}"`);
  return warn("key file mode", "others may read the key", remedy);
}

export function checkValidity({ certificate }: SigningIdentity, moment: Date): Finding {
  const { validToDate } = certificate.x509;
  try {
    checkIdentity(certificate, undefined, moment);
  } catch (error) {
    const isEarly = error instanceof SignerError && error.code === "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID";
    const remedy = isEarly ? "check this machine's clock, or wait" : "issue a new certificate";
    return fail("validity", messageOf(error), remedy);
  }
  const days = Math.floor((validToDate.getTime() - moment.getTime()) / DAY_MS);
  const message = `until ${isoSeconds(validToDate)}, ${days === 1 ? "1 day" : `${days} days`} left`;
  const isLate = identityWarnings(certificate, undefined, moment).length > 0;
  return isLate ? warn("validity", message, "issue a new certificate soon") : ok("validity", message);
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
