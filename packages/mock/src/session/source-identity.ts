import { type Certificate, serialHex } from "../trust/certificate.ts";
import { attributeValues } from "../trust/distinguished-name.ts";

/** Pattern of the user guide for `sourceIdentity`. */
const SOURCE_IDENTITY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{2,64}$/u;

/**
 * The source identity of a session: `CN=` and the common name; the bare common name when the prefix would make it
 * longer than 64 characters; `ID=` and the serial number in hex when there is no common name. Of several common
 * names the first counts.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html source identity rules
 */
export function sourceIdentityOf(certificate: Certificate): string {
  const [commonName] = attributeValues(certificate.subject, "CN");
  if (commonName === undefined || commonName === "") return `ID=${serialHex(certificate)}`;
  return [...commonName].length <= 61 ? `CN=${commonName}` : commonName;
}

/** Whether STS would accept it: 2 to 64 characters of its pattern. */
export function isSourceIdentity(text: string): boolean {
  return SOURCE_IDENTITY.test(text);
}
