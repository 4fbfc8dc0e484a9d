import { requireThat } from "../errors/refusal.ts";
import type { Certificate } from "./certificate.ts";

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const ANY_PURPOSE = "2.5.29.37.0";

/**
 * Checks the rules for the end-entity certificate that are not part of path validation.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html signature validation
 */
export function checkEndEntity({ version, subject, extensions }: Certificate): void {
  const { basicConstraints, keyUsage, extendedKeyUsage } = extensions;
  requireThat(version === 3, "CERTIFICATE_VERSION_UNSUPPORTED", () => ({
    expected: "an X.509 version 3 certificate",
    received: `version ${version}`,
  }));
  requireThat(subject.rdns.length > 0, "SUBJECT_EMPTY", () => ({
    expected: "a subject name: it is the key of the Subject resource",
    received: "an empty subject",
  }));
  requireThat(basicConstraints?.ca !== true, "CERTIFICATE_IS_CA", () => ({
    expected: "basicConstraints CA:false, or no basicConstraints",
    received: `CA:true in ${subject.text}`,
  }));
  const usages = keyUsage === undefined ? "no keyUsage extension" : [...keyUsage].join(", ");
  requireThat(keyUsage?.has("digitalSignature") === true, "KEY_USAGE_MISSING", () => ({
    expected: "keyUsage with digitalSignature",
    received: usages,
  }));
  // RFC 5280 §4.2.1.9: only a CA may have the right to sign certificates.
  requireThat(!keyUsage.has("keyCertSign"), "EXTENSION_INVALID", () => ({
    expected: "keyUsage without keyCertSign, or basicConstraints CA:true",
    received: usages,
  }));
  const isForClients = extendedKeyUsage?.some((purpose) => [CLIENT_AUTH, ANY_PURPOSE].includes(purpose));
  requireThat(isForClients !== false, "EXTENDED_KEY_USAGE_UNSUITABLE", () => ({
    expected: `no extendedKeyUsage, or one with clientAuth (${CLIENT_AUTH})`,
    received: extendedKeyUsage?.join(", ") ?? "",
  }));
}
