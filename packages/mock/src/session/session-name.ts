import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import { type Certificate, serialHex } from "../trust/certificate.ts";

/**
 * The role session name: the certificate's serial number in hex, unless the caller names one and the profile
 * accepts that.
 *
 * @throws {Refusal} ROLE_SESSION_NAME_NOT_ACCEPTED, ROLE_SESSION_NAME_INVALID
 */
export function sessionNameOf(
  certificate: Certificate,
  requested: string | undefined,
  acceptRoleSessionName: boolean,
): string {
  if (requested !== undefined && !acceptRoleSessionName) {
    throw denied("ROLE_SESSION_NAME_NOT_ACCEPTED", AWS_MESSAGE.roleSessionName, {
      expected: "no roleSessionName: the profile has acceptRoleSessionName false",
      received: requested,
      remedy: "leave roleSessionName out, or update the profile with acceptRoleSessionName true",
    });
  }
  const name = requested ?? serialHex(certificate);
  if (name.length > 64) {
    // RFC 5280 §4.1.2.2 allows serial numbers of 20 bytes, 40 digits; only a certificate that breaks it gets here.
    throw denied("ROLE_SESSION_NAME_INVALID", AWS_MESSAGE.insufficient, {
      expected: "a session name of at most 64 characters",
      received: `a serial number of ${name.length} hex digits`,
      remedy: "issue the certificate with a serial number of at most 20 bytes",
    });
  }
  return name;
}
