import { verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import asn1 from "node-forge/lib/asn1.js";
import { EXTENSION_OID } from "../certificate/extensions.ts";
import { bits, content, fromDer, isExplicitTag, items } from "../der/decode.ts";
import { toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readPem } from "../pem.ts";
import { namesIssuer } from "./certification-path.ts";
import type { CertificationPath } from "./certification-path.ts";
import { readDistinguishedName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { label } from "./problem.ts";
import type { InspectionProblem } from "./problem.ts";
import { readAuthorityKeyIdentifier, splitExtensions } from "./read-extensions.ts";
import { readCertificateSignature } from "./certificate-signature.ts";

/** A certificate revocation list (RFC 5280 §5). */
export interface ParsedRevocationList {
  readonly issuer: DistinguishedName;
  /** Hexadecimal. */
  readonly authorityKeyIdentifier: string | undefined;
  /** The number of the list; absent in a list of version 1. */
  readonly number: bigint | undefined;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** When each certificate was revoked, by serial number in decimal. */
  readonly revoked: ReadonlyMap<string, Date>;
  /** Object identifiers of critical extensions that make the list one of certain certificates only, or are unknown. */
  readonly unknownCritical: readonly string[];
  /** Whether the key signed the list. */
  isSignedBy(key: KeyObject): boolean;
}

const CRL_NUMBER = "2.5.29.20";
const REASON_CODE = "2.5.29.21";
const INVALIDITY_DATE = "2.5.29.24";

/**
 * Reads the revocation lists of a PEM text, or one in DER.
 *
 * @param what names the list in the error, for example a path
 * @throws {PkiError} ERR_PKI_REVOCATION_LIST_INVALID when there is none, or one cannot be read
 */
export function parseRevocationLists(input: string | Uint8Array, what: string): ParsedRevocationList[] {
  const text = typeof input === "string" ? input : Buffer.from(input).toString("latin1");
  const blocks = readPem(text).filter((block) => block.label === "X509 CRL");
  const ders = blocks.map((block) => Buffer.from(block.text.replaceAll(/-----.*-----|\s/g, ""), "base64"));
  if (ders.length === 0 && typeof input !== "string" && input[0] === 0x30) ders.push(Buffer.from(input));
  try {
    if (ders.length === 0) throw new Error("it has no -----BEGIN X509 CRL-----");
    return ders.map(readRevocationList);
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_REVOCATION_LIST_INVALID",
      `${what} is no readable revocation list: ${cause instanceof Error ? cause.message : String(cause)}; ` +
        "ask the CA for another one",
      { cause },
    );
  }
}

// CertificateList and TBSCertList: RFC 5280 §5.1.
function readRevocationList(der: Buffer): ParsedRevocationList {
  const [toBeSigned, algorithm, signature] = items(fromDer(der));
  const fields = [...items(toBeSigned)];
  if (toBeSigned === undefined || signature === undefined) throw new Error("it has not three parts");
  if (fields[0]?.type === asn1.Type.INTEGER) fields.shift();
  const [, issuer, thisUpdate, ...optional] = fields;
  const nextUpdate = isTime(optional[0]) ? optional[0] : undefined;
  const entries = optional.find((field) => field.tagClass === asn1.Class.UNIVERSAL && !isTime(field));
  const extensions = splitExtensions(items(optional.find((field) => isExplicitTag(field, 0)))[0]);
  const valueOf = (oid: string): Asn1 | undefined => extensions.find((found) => found.oid === oid)?.value;
  const keyIdentifier = valueOf(EXTENSION_OID.authorityKeyIdentifier);
  const number = valueOf(CRL_NUMBER);
  const revoked = items(entries).map((entry) => readEntry(entry));
  const { hash, padding, isStrong } = readCertificateSignature(algorithm);
  const signed = toDer(toBeSigned);
  return {
    issuer: readDistinguishedName(issuer),
    authorityKeyIdentifier:
      keyIdentifier === undefined ? undefined : readAuthorityKeyIdentifier(keyIdentifier),
    number: number === undefined ? undefined : BigInt(`0x${content(number).toString("hex")}`),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? undefined : readTime(nextUpdate),
    revoked: new Map(revoked.map(({ serialNumber, revokedAt }) => [serialNumber, revokedAt])),
    unknownCritical: [
      ...extensions
        .filter(
          ({ critical, oid }) =>
            critical && ![EXTENSION_OID.authorityKeyIdentifier, CRL_NUMBER].includes(oid),
        )
        .map(({ oid }) => oid),
      ...revoked.flatMap((entry) => entry.unknownCritical),
    ],
    isSignedBy(key) {
      if (!isStrong) return false;
      try {
        return verify(hash, signed, padding === undefined ? key : { key, padding }, bits(signature));
      } catch {
        return false;
      }
    },
  };
}

function readEntry(entry: Asn1): { serialNumber: string; revokedAt: Date; unknownCritical: string[] } {
  const [serial, revokedAt, extensions] = items(entry);
  const octets = content(serial);
  return {
    serialNumber: BigInt.asIntN(octets.length * 8, BigInt(`0x${octets.toString("hex")}`)).toString(),
    revokedAt: readTime(revokedAt),
    unknownCritical: splitExtensions(extensions)
      .filter(({ critical, oid }) => critical && ![REASON_CODE, INVALIDITY_DATE].includes(oid))
      .map(({ oid }) => oid),
  };
}

function isTime(value: Asn1 | undefined): boolean {
  const { Type } = asn1;
  return value?.type === Type.UTCTIME || value?.type === Type.GENERALIZEDTIME;
}

function readTime(value: Asn1 | undefined): Date {
  const text = content(value).toString("latin1");
  return value?.type === asn1.Type.UTCTIME ? asn1.utcTimeToDate(text) : asn1.generalizedTimeToDate(text);
}

/**
 * Finds what revocation lists refuse in a path. A list of an issuer that is not in the path is ignored. A list that is
 * past its next update still revokes: AWS does not document that it would not.
 *
 * @see RFC 5280 §6.3.3
 */
export function revocationProblems(
  path: CertificationPath,
  lists: readonly ParsedRevocationList[],
): InspectionProblem[] {
  return lists.flatMap((list) =>
    path.flatMap((certificate, depth) => {
      const issuer = path[depth + 1];
      if (issuer === undefined || !namesIssuer(list.issuer, list.authorityKeyIdentifier, issuer)) return [];
      const reason = unusable(list, issuer);
      if (reason !== undefined) {
        return {
          code: "CRL_INVALID" as const,
          message: `the revocation list of ${label(issuer)} cannot be used: ${reason}; make it again`,
        };
      }
      const revokedAt = list.revoked.get(certificate.serialNumber.toString());
      if (revokedAt === undefined) return [];
      return {
        code: "CRL_REVOKED" as const,
        message: `${label(issuer)} revoked ${label(certificate)} at ${revokedAt.toISOString()}; issue a new certificate`,
      };
    }),
  );
}

function unusable(list: ParsedRevocationList, issuer: Parameters<typeof namesIssuer>[2]): string | undefined {
  if (list.unknownCritical.length > 0)
    return `it has the critical extension ${list.unknownCritical.join(", ")}`;
  if (issuer.extensions.keyUsage?.includes("cRLSign") === false) return "the CA's keyUsage lacks cRLSign";
  if (issuer.publicKey === undefined || !list.isSignedBy(issuer.publicKey)) {
    return "the key of the CA did not sign it with SHA-256 or stronger";
  }
  return undefined;
}
