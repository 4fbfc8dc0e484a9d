import { readCertificateAuthority } from "../authority/read-certificate-authority.ts";
import type { AuthorityContent, CertificateAuthority } from "../authority/read-certificate-authority.ts";
import { signed } from "../certificate/encode-certificate.ts";
import { extension, EXTENSION_OID } from "../certificate/extensions.ts";
import { toIsoSeconds } from "../certificate/validity.ts";
import { systemDependencies } from "../dependencies.ts";
import type { PkiDependencies } from "../dependencies.ts";
import { fromDer } from "../der/decode.ts";
import { enumerated, explicit, implicit, integer, sequence, time, toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import type { PkiWarning } from "../errors.ts";
import { algorithmIdentifier } from "../keys/signature-algorithm.ts";
import { writePem } from "../pem.ts";
import { checkReason, REVOCATION_REASONS } from "./revocation-reason.ts";
import type { RevocationReason } from "./revocation-reason.ts";

/** A certificate that a CA takes back. */
export interface RevokedCertificate {
  /** Hexadecimal, positive. */
  readonly serialNumber: string;
  readonly revokedAt: Date;
  /** @default "unspecified", which a list does not mention */
  readonly reason?: RevocationReason | undefined;
}

export interface RevocationListOptions {
  /** The CA that issued the certificates. Its key may be elsewhere: see `sign`. */
  readonly authority: CertificateAuthority;
  readonly revoked: readonly RevokedCertificate[];
  /** The number of the list. It must be greater than those of all lists of the CA before. */
  readonly number: bigint;
  /** @default now */
  readonly thisUpdate?: Date | undefined;
  /** When the next list comes at the latest. @default 30 days after `thisUpdate` */
  readonly nextUpdate?: Date | undefined;
}

/** A certificate revocation list, ready for `ImportCrl`. */
export interface RevocationList {
  /** PEM, `X509 CRL`. */
  readonly crlPem: string;
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly warnings: readonly PkiWarning[];
}

export const DEFAULT_NEXT_UPDATE_DAYS = 30;

/** The largest list that AWS imports, in octets of PEM. */
const LARGEST_IMPORT = 300_000;

const CRL_NUMBER = "2.5.29.20";
const REASON_CODE = "2.5.29.21";

/**
 * Makes the revocation list of a CA, version 2, with the number of the list and the identifier of the CA's key.
 *
 * A serial number that `revoked` has twice is in the list once, with its first revocation.
 *
 * @throws {PkiError} ERR_PKI_AUTHORITY_INVALID when the CA cannot be read or lacks cRLSign; ERR_PKI_PASSPHRASE,
 *   ERR_PKI_AUTHORITY_KEY_MISMATCH, ERR_PKI_SIGNATURE; ERR_PKI_INVALID_VALIDITY when the next update is not after this one;
 *   ERR_PKI_REVOCATION_LIST_INVALID for a number, a serial number or a reason that a list cannot have
 * @see RFC 5280 §5
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_ImportCrl.html
 * @example
 * const { crlPem } = await createRevocationList({
 *   authority: { certificatePem, sign: (octets) => kms.sign(octets) },
 *   number: 7n,
 *   revoked: [{ serialNumber: "4F0ED3CC", revokedAt: new Date(), reason: "keyCompromise" }],
 * });
 */
export async function createRevocationList(
  { authority, number, ...options }: RevocationListOptions,
  dependencies: Partial<Pick<PkiDependencies, "now">> = {},
): Promise<RevocationList> {
  const { now } = { ...systemDependencies, ...dependencies };
  const issuer = readCertificateAuthority(authority);
  if (!issuer.signsRevocationLists) {
    throw new PkiError(
      "ERR_PKI_AUTHORITY_INVALID",
      "the CA certificate cannot sign revocation lists: keyUsage does not include cRLSign; make the CA again with cRLSign",
    );
  }
  const { thisUpdate = wholeSeconds(now()) } = options;
  const { nextUpdate = new Date(thisUpdate.getTime() + DEFAULT_NEXT_UPDATE_DAYS * 86_400_000) } = options;
  if (nextUpdate <= thisUpdate) {
    throw new PkiError(
      "ERR_PKI_INVALID_VALIDITY",
      `the next update of a revocation list, ${toIsoSeconds(nextUpdate)}, must be after this one, ` +
        `${toIsoSeconds(thisUpdate)}; give a later time`,
    );
  }
  const revoked = onePerSerialNumber(options.revoked);
  const content = toBeSigned(issuer, { number, revoked, thisUpdate, nextUpdate });
  const crlPem = writePem("X509 CRL", await signed(content, issuer.algorithm, issuer.sign));
  return { crlPem, number, thisUpdate, nextUpdate, warnings: sizeWarnings(crlPem, revoked.length) };
}

/** The first revocation of each serial number. */
function onePerSerialNumber(revoked: readonly RevokedCertificate[]): RevokedCertificate[] {
  const first = new Map<string, RevokedCertificate>();
  for (const certificate of revoked) {
    const serialNumber = certificate.serialNumber.toUpperCase().replace(/^0+/, "");
    if (!first.has(serialNumber)) first.set(serialNumber, certificate);
  }
  return [...first.values()];
}

interface ListContent {
  readonly number: bigint;
  readonly revoked: readonly RevokedCertificate[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

// TBSCertList: RFC 5280 §5.1.
function toBeSigned(
  issuer: AuthorityContent,
  { number, revoked, thisUpdate, nextUpdate }: ListContent,
): Buffer {
  return toDer(
    sequence(
      integer(Buffer.of(1)), // version 2
      algorithmIdentifier(issuer.algorithm),
      fromDer(issuer.subject),
      time(thisUpdate),
      time(nextUpdate),
      // RFC 5280 §5.1.2.6: absent when nothing is revoked.
      ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entry))]),
      explicit(
        0,
        sequence(
          extension(EXTENSION_OID.authorityKeyIdentifier, false, sequence(implicit(0, issuer.keyIdentifier))),
          extension(CRL_NUMBER, false, integer(positive(number, "the number of a revocation list"))),
        ),
      ),
    ),
  );
}

function entry({ serialNumber, revokedAt, reason = "unspecified" }: RevokedCertificate): Asn1 {
  checkReason(reason);
  const number = /^[\dA-F]+$/i.test(serialNumber) ? BigInt(`0x${serialNumber}`) : 0n;
  return sequence(
    integer(positive(number, `the serial number ${JSON.stringify(serialNumber)}`)),
    time(revokedAt),
    // RFC 5280 §5.3.1: "unspecified" should be left out.
    ...(reason === "unspecified"
      ? []
      : [sequence(extension(REASON_CODE, false, enumerated(REVOCATION_REASONS[reason])))]),
  );
}

/** A positive INTEGER of at most 20 octets (RFC 5280 §4.1.2.2 and §5.2.3), in the fewest octets. */
function positive(value: bigint, what: string): Buffer {
  const digits = value.toString(16);
  const octets = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  if (value <= 0n || octets.length + (octets.readUInt8(0) >> 7) > 20) {
    throw new PkiError(
      "ERR_PKI_REVOCATION_LIST_INVALID",
      `${what} is not positive, or longer than 20 octets`,
    );
  }
  return octets.readUInt8(0) < 0x80 ? octets : Buffer.concat([Buffer.of(0), octets]);
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function sizeWarnings(crlPem: string, count: number): PkiWarning[] {
  if (crlPem.length <= LARGEST_IMPORT) return [];
  return [
    {
      code: "WARN_PKI_REVOCATION_LIST_TOO_LARGE",
      message:
        `the list of ${count} certificates has ${crlPem.length} octets, and AWS imports at most ${LARGEST_IMPORT}; ` +
        "issue from a new intermediate CA, whose list is empty, and let the certificates of this one expire",
    },
  ];
}
