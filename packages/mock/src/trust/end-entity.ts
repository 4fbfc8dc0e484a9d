import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Certificate } from "./certificate.ts";
import { formatName } from "./distinguished-name.ts";

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_PURPOSE = "2.5.29.37.0";

/**
 * Checks the rules for the end-entity certificate that are not part of path validation.
 *
 * @throws {Refusal} CERTIFICATE_VERSION_UNSUPPORTED, SUBJECT_EMPTY, CERTIFICATE_IS_CA, KEY_USAGE_MISSING,
 * EXTENSION_INVALID, EXTENDED_KEY_USAGE_UNSUITABLE
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html signature validation
 */
export function checkEndEntity(certificate: Certificate): void {
  const { version, subject, extensions } = certificate;
  if (version !== 3) {
    throw denied("CERTIFICATE_VERSION_UNSUPPORTED", AWS_MESSAGE.insufficient, {
      expected: "an X.509 version 3 certificate",
      received: `version ${version}`,
      remedy: "issue the certificate with extensions, which makes it version 3",
    });
  }
  if (subject.rdns.length === 0) {
    throw denied("SUBJECT_EMPTY", AWS_MESSAGE.insufficient, {
      expected: "a subject name: it is the key of the Subject resource",
      received: "an empty subject",
      remedy: "issue the certificate with a subject, for example CN=<host name>",
    });
  }
  if (extensions.basicConstraints?.ca === true) {
    throw denied("CERTIFICATE_IS_CA", AWS_MESSAGE.insufficient, {
      expected: "basicConstraints CA:false, or no basicConstraints",
      received: `CA:true in ${formatName(subject)}`,
      remedy: "sign with an end-entity certificate, not with the CA's own",
    });
  }
  if (extensions.keyUsage?.has("digitalSignature") !== true) {
    throw denied("KEY_USAGE_MISSING", AWS_MESSAGE.insufficient, {
      expected: "keyUsage with digitalSignature",
      received:
        extensions.keyUsage === undefined ? "no keyUsage extension" : [...extensions.keyUsage].join(", "),
      remedy: "issue the certificate with keyUsage = critical, digitalSignature",
    });
  }
  // RFC 5280 §4.2.1.9: only a CA may have the right to sign certificates.
  if (extensions.keyUsage.has("keyCertSign")) {
    throw denied("EXTENSION_INVALID", AWS_MESSAGE.insufficient, {
      expected: "keyUsage without keyCertSign, or basicConstraints CA:true",
      received: [...extensions.keyUsage].join(", "),
      remedy: "issue the certificate with keyUsage = critical, digitalSignature",
    });
  }
  const purposes = extensions.extendedKeyUsage;
  if (purposes !== undefined && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY_PURPOSE)) {
    throw denied("EXTENDED_KEY_USAGE_UNSUITABLE", AWS_MESSAGE.insufficient, {
      expected: `no extendedKeyUsage, or one with clientAuth (${CLIENT_AUTH})`,
      received: purposes.join(", "),
      remedy: "issue the certificate with extendedKeyUsage = clientAuth",
    });
  }
}
