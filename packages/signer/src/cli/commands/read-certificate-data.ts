import { loadCertificate } from "../../keys/load-certificate.ts";
import type { EndEntityCertificate } from "../../keys/load-certificate.ts";
import { SignerError } from "../../errors.ts";
import type { Command } from "../command.ts";
import { helpText } from "../help-text.ts";
import { IDENTITY_FLAGS, refuseUnsupported } from "../identity-flags.ts";
import { parseFlags } from "../parse-flags.ts";
import { SESSION_FLAGS } from "../session-flags.ts";

const FLAGS = {
  certificate: IDENTITY_FLAGS.certificate,
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
      "Prints key type, certificate (base64 DER), serial number (decimal) and algorithms as JSON.",
      "ra-signer read-certificate-data --certificate client.pem",
      FLAGS,
    ),
  run(words, { out }) {
    const flags = parseFlags(FLAGS, words);
    refuseUnsupported(flags);
    if (!flags.certificate) throw new SignerError("ERR_SIGNER_USAGE", "--certificate is missing");
    const certificate = loadCertificate(flags.certificate);
    const keyType = keyTypeOf(certificate);
    out(
      JSON.stringify({
        keyType,
        certificateData: Buffer.from(certificate.der).toString("base64"),
        serialNumber: certificate.serialNumber,
        supportedAlgorithms: algorithmsOf(keyType),
      }),
    );
    return Promise.resolve(0);
  },
};

/** The helper's name of a key type; empty for one that Roles Anywhere does not take. */
function keyTypeOf({ x509 }: EndEntityCertificate): string {
  const type: string | undefined = x509.publicKey.asymmetricKeyType;
  if (type === "rsa" || type === "ec") return type.toUpperCase();
  return type?.startsWith("ml-dsa-") === true ? type.toUpperCase() : "";
}

function algorithmsOf(keyType: string): readonly string[] {
  if (keyType === "") return [];
  return keyType.startsWith("ML-DSA-")
    ? [keyType]
    : ["SHA256", "SHA384", "SHA512"].map((digest) => `${keyType}${digest}`);
}
