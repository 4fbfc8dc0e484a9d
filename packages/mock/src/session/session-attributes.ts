import { mapAttributes } from "@roles-anywhere/iam-policy/roles-anywhere";
import type { AttributeMapping, MappedAttributes } from "@roles-anywhere/iam-policy/roles-anywhere";
import { clip, printable } from "../errors/printable.ts";
import { requireThat } from "../errors/refusal.ts";
import { serialHex } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";

/** The serial number in hex, unless the caller names the session and the profile accepts that. */
export function sessionNameOf(
  certificate: Certificate,
  requested: string | undefined,
  acceptRoleSessionName: boolean,
): string {
  requireThat(requested === undefined || acceptRoleSessionName, "ROLE_SESSION_NAME_NOT_ACCEPTED", () => ({
    message: "Not authorized to set roleSessionName.",
    expected: "no roleSessionName: the profile has acceptRoleSessionName false",
    received: printable(requested ?? "", 64),
  }));
  // At most 40 digits: serial numbers have up to 20 octets (RFC 5280 §4.1.2.2).
  return requested ?? serialHex(certificate);
}

/** Maps subject, issuer and alternative names to session tags as the profile's attribute mappings say. */
export function attributesOf(
  { subject, issuer, extensions: { subjectAltNames } }: Certificate,
  mappings: readonly AttributeMapping[],
): MappedAttributes {
  const textsOf = (wanted: "dns" | "uri"): string[] =>
    subjectAltNames.flatMap((name) => (name.kind === wanted ? [name.value] : []));
  const directory = subjectAltNames.find((name) => name.kind === "directory");
  const names = {
    subject: subject.attributes,
    issuer: issuer.attributes,
    dns: textsOf("dns"),
    uri: textsOf("uri"),
    directoryName: directory?.value.attributes,
  };
  return mapAttributes(names, mappings);
}

/** The certificate values that were mapped but made no tag, for example `x509Subject/O` or `x509SAN/DNS/2`. */
export function unmappedAttributes(failed: MappedAttributes["failed"]): string[] {
  return Object.entries(failed).flatMap(([field, labels]) => labels.map((label) => `${field}/${label}`));
}

/** The sentence that AWS appends to a refused AssumeRole when some values could not become tags. */
export function failedAttributesSentence(failed: MappedAttributes["failed"]): string {
  const list = (names: readonly string[]): string => `[ ${clip(names.join(", "), 1000)} ]`;
  return (
    ` Some attributes failed to be mapped into session tags. Issuer: ${list(failed.x509Issuer)};` +
    ` Subject: ${list(failed.x509Subject)}; SAN: ${list(failed.x509SAN)}`
  );
}
