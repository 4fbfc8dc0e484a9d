import { label } from "./problem.ts";
import type { InspectionProblem, InspectionProblemCode } from "./problem.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

/** AWS names no curves; these are the ones that CAs and AWS's own helper use. */
const CURVES: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/**
 * Finds what AWS's rules for an end-entity certificate do not allow, apart from its path.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Signature validation"
 */
export function endEntityProblems(certificate: ParsedCertificate): InspectionProblem[] {
  const { extensions, keyType, malformed, subject, version } = certificate;
  const { basicConstraints, extendedKeyUsage, keyUsage } = extensions;
  const who = label(certificate);
  const problems: InspectionProblem[] = malformed.map((reason) => ({
    code: "CERTIFICATE_MALFORMED",
    message: `${who} is malformed: ${reason}; issue it again`,
  }));
  const found = (code: InspectionProblemCode, holds: boolean, message: string): void => {
    if (holds) problems.push({ code, message });
  };
  found(
    "KEY_TYPE_UNSUPPORTED",
    !isSigningKey(certificate),
    `${who} has a key of the type ${keyType}; use RSA, EC (P-256, P-384, P-521) or ML-DSA-44, -65, -87`,
  );
  found(
    "CERTIFICATE_VERSION_UNSUPPORTED",
    version !== 3,
    `${who} is an X.509 version ${version} certificate; issue it with extensions, which makes it version 3`,
  );
  found(
    "SUBJECT_EMPTY",
    subject.relativeNames.length === 0,
    "the subject is empty; issue the certificate with one, for example CN=<host name>",
  );
  found(
    "CERTIFICATE_IS_CA",
    basicConstraints?.ca === true,
    `${who} is the certificate of a CA (basicConstraints CA:TRUE); use a certificate that the CA issued`,
  );
  found(
    "KEY_USAGE_MISSING",
    keyUsage?.includes("digitalSignature") !== true,
    `${who} has ${keyUsage === undefined ? "no keyUsage" : `keyUsage ${keyUsage.join(", ")}`}; ` +
      "issue it with keyUsage digitalSignature",
  );
  found(
    "EXTENSION_INVALID",
    keyUsage?.includes("keyCertSign") === true && basicConstraints?.ca !== true,
    `${who} has keyUsage keyCertSign without being a CA (RFC 5280 §4.2.1.9); issue it without keyCertSign`,
  );
  found(
    "EXTENDED_KEY_USAGE_UNSUITABLE",
    extendedKeyUsage?.some((purpose) => purpose === CLIENT_AUTH || purpose === ANY_EXTENDED_KEY_USAGE) ===
      false,
    `${who} has extendedKeyUsage ${extendedKeyUsage?.join(", ")}; issue it with clientAuth (${CLIENT_AUTH}) as well, ` +
      "or without extendedKeyUsage",
  );
  return problems;
}

function isSigningKey({ publicKey }: ParsedCertificate): boolean {
  const type: string | undefined = publicKey?.asymmetricKeyType;
  if (type === "ec") return CURVES.has(publicKey?.asymmetricKeyDetails?.namedCurve ?? "");
  return type === "rsa" || type?.startsWith("ml-dsa-") === true;
}
