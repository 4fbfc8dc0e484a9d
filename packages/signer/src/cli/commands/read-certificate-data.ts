import { createHash } from "node:crypto";

import { loadCertificate } from "../../keys/certificate.ts";
import type { EndEntityCertificate } from "../../keys/certificate.ts";
import { printable, SignerError } from "../../errors.ts";
import type { IdentitySources } from "../../keys/identity.ts";
import { tokenCode } from "../../pkcs11/load.ts";
import { refuseUnsupported } from "../check-flags.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { parseFlags } from "../parse-flags.ts";
import { identitySources, passphraseOf, pemSource, withPassword } from "../resolve-flags.ts";
import { IDENTITY_FLAGS, SESSION_FLAGS } from "../session-flags.ts";
import { namesToken } from "../special-flags.ts";

const FLAGS = {
  certificate: IDENTITY_FLAGS.certificate,
  "pkcs8-password": IDENTITY_FLAGS["pkcs8-password"],
  "pkcs8-password-env": IDENTITY_FLAGS["pkcs8-password-env"],
  "cert-selector": IDENTITY_FLAGS["cert-selector"],
  "system-store-name": IDENTITY_FLAGS["system-store-name"],
  "pkcs11-lib": IDENTITY_FLAGS["pkcs11-lib"],
  debug: SESSION_FLAGS.debug,
} as const;

/** `ra-signer read-certificate-data`: describes a certificate as the helper does. */
export const readCertificateData: Command = {
  usageExitCode: 1,
  help: () =>
    helpText(
      "Prints key type, certificate (base64 DER), serial number (decimal) and algorithms as JSON; of a token, a list of its certificates.",
      "ra-signer read-certificate-data --certificate client.pem",
      FLAGS,
    ),
  async run(words, { environment, out }) {
    const flags = parseFlags(FLAGS, words);
    refuseUnsupported(flags);
    if (namesToken(flags)) {
      out(await listing(identitySources(flags, environment)));
      return 0;
    }
    const { certificate: path } = flags;
    if (!path) throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
    const source = pemSource("certificate", path, environment);
    const certificate = await withPassword(passphraseOf(flags, environment), (passphrase) =>
      loadCertificate(source, passphrase),
    );
    const keyType = keyTypeOf(certificate);
    out(
      JSON.stringify({
        keyType,
        certificateData: Buffer.from(certificate.der).toString("base64"),
        serialNumber: certificate.serialNumber,
        supportedAlgorithms: algorithmsOf(keyType),
      }),
    );
    return 0;
  },
};

/** The certificates of a token, in the helper's words. */
async function listing(sources: IdentitySources): Promise<string> {
  const { listCertificates, nameAsInRfc2253 } = await tokenCode();
  const found = await listCertificates({ ...sources, pkcs11: { ...sources.pkcs11, ask: true } });
  if (found.length === 0) return "No matching identities\n";
  const lines = found.map(({ certificate: { x509, der }, uri }, index) => {
    const fingerprint = createHash("sha1").update(der).digest("hex");
    return `${index + 1}) ${fingerprint} "${printable(nameAsInRfc2253(x509.subject))}"\n\tURI: ${printable(uri)}\n`;
  });
  return `Matching identities\n${lines.join("")}`;
}

/** The helper's name of a key type; empty for one that Roles Anywhere does not take. */
function keyTypeOf({ x509 }: EndEntityCertificate): string {
  const type: string | undefined = x509.publicKey.asymmetricKeyType;
  if (type === "rsa" || type === "ec") return type.toUpperCase();
  return type?.startsWith("ml-dsa-") === true ? type.toUpperCase() : "";
}

/** For a key type that is not known the helper names the digests all the same. */
function algorithmsOf(keyType: string): readonly string[] {
  return keyType.startsWith("ML-DSA-")
    ? [keyType]
    : ["SHA256", "SHA384", "SHA512"].map((digest) => `${keyType}${digest}`);
}
