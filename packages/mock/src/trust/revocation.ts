import type { KeyObject } from "node:crypto";
import { Refusal, requireThat } from "../errors/refusal.ts";
import type { CrlRecord } from "../state/records.ts";
import { namesIssuer } from "./certificate.ts";
import * as der from "./der.ts";
import type { DerNode } from "./der.ts";
import { readName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { AUTHORITY_KEY_IDENTIFIER, readAuthorityKeyIdentifier, readExtension } from "./extensions.ts";
import { pemBlocks } from "./pem.ts";
import { isSigned, readSignatureAlgorithm } from "./signature-algorithm.ts";
import type { CertificationPath, PathRule } from "./validate-path.ts";

/**
 * The rule that no certificate of a path may be on a CRL of the trust anchor. Lists of other issuers are ignored. After
 * its `nextUpdate`, a list still revokes the certificates on it and no others; AWS documents neither.
 *
 * @param crls the enabled CRLs of the trust anchor
 */
export function notRevoked(crls: readonly CrlRecord[]): PathRule {
  return (path) => {
    for (const crl of crls) {
      const lists = der.attempt(() => readRevocationLists(crl.crlData));
      if (lists instanceof der.DerError) throw invalid(crl, lists.message);
      for (const list of lists) checkList(crl, list, path);
    }
  };
}

function checkList(crl: CrlRecord, list: CertificateRevocationList, path: CertificationPath): void {
  for (const [depth, certificate] of path.entries()) {
    // The trust anchor has no issuer in the path: it is trusted because the user configured it.
    const issuer = path[depth + 1];
    if (issuer === undefined || !namesIssuer(list.issuer, list.authorityKeyIdentifier, issuer)) continue;
    // RFC 5280 §6.3.3 f
    if (issuer.extensions.keyUsage?.has("cRLSign") === false) {
      throw invalid(crl, `a list of ${issuer.subject.text}, whose keyUsage lacks cRLSign`);
    }
    if (issuer.publicKey === undefined || !list.isSignedBy(issuer.publicKey)) {
      throw invalid(crl, `a list with a signature that ${issuer.subject.text} did not make`);
    }
    const revokedAt = list.revoked.get(certificate.serialNumber.toString());
    requireThat(revokedAt === undefined, "CRL_REVOKED", () => ({
      expected: `certificates that are not on ${crl.crlArn}`,
      received: `${certificate.subject.text}, serial number ${certificate.serialNumber}, revoked at ${revokedAt?.toISOString()}`,
    }));
  }
}

/** The refusal for a CRL that cannot be trusted. If it were ignored, whoever damages it could lift revocations. */
function invalid(crl: CrlRecord, received: string): Error {
  const expected = `${crl.crlArn} to be a CRL signed by the CA that it names`;
  return new Refusal("CRL_INVALID", { expected, received });
}

/** A certificate revocation list (RFC 5280 §5), read once and indexed by serial number. */
export interface CertificateRevocationList {
  readonly issuer: DistinguishedName;
  /** Lower-case hex of the issuer's key identifier, when the list names it. */
  readonly authorityKeyIdentifier: string | undefined;
  /** When each certificate was revoked, by serial number in decimal. */
  readonly revoked: ReadonlyMap<string, Date>;
  /** Whether the issuer's key signed it. */
  isSignedBy(key: KeyObject): boolean;
}

const cache = new WeakMap<Uint8Array, readonly CertificateRevocationList[]>();

/** Reads the lists of a PEM text, once per array of bytes. */
export function readRevocationLists(pem: Uint8Array): readonly CertificateRevocationList[] {
  const known = cache.get(pem);
  if (known !== undefined) return known;
  const blocks = pemBlocks(Buffer.from(pem).toString("latin1"), "X509 CRL");
  if (blocks.length === 0) throw new der.DerError("the text holds no PEM CRL");
  const lists = blocks.map(readRevocationList);
  cache.set(pem, lists);
  return lists;
}

function readRevocationList(bytes: Uint8Array): CertificateRevocationList {
  const { body, algorithm: outer, signature } = der.readSigned(bytes, "the CRL");
  const fields = der.children(body);
  const isVersion2 = fields[0]?.tag === der.TAG.integer;
  if (isVersion2 && der.readSmallInteger(fields.shift() ?? body) !== 1) {
    throw new der.DerError("the CRL is of an unknown version");
  }
  const [innerAlgorithm, issuer, thisUpdate, ...optional] = fields;
  if (thisUpdate === undefined) throw new der.DerError("the CRL has no date");
  const nextUpdate = isTime(optional[0]) ? optional.shift() : undefined;
  const entries = optional[0]?.tag === der.TAG.sequence ? optional.shift() : undefined;
  const extensions = isVersion2 && optional[0]?.tag === 0xa0 ? optional.shift() : undefined;
  if (optional.length > 0) throw new der.DerError("the CRL has a field that does not belong there");
  const { verification } = readSignatureAlgorithm(innerAlgorithm, outer);
  // No rule depends on the two dates, but they must be dates.
  for (const time of [thisUpdate, nextUpdate]) if (time !== undefined) der.readTime(time);
  const revoked = entries === undefined ? [] : der.children(entries, MAX_ENTRIES);
  return {
    issuer: readName(issuer, "the CRL's issuer"),
    authorityKeyIdentifier: readListExtensions(extensions),
    revoked: new Map(revoked.map((entry) => readEntry(entry, isVersion2))),
    isSignedBy: (key) =>
      verification !== undefined &&
      isSigned(der.encoded(body), verification.hash, key, signature, verification.padding),
  };
}

/** More than fit into the largest CRL that can be imported. */
const MAX_ENTRIES = 100_000;

const CRL_NUMBER = "2.5.29.20";
const REASON_CODE = "2.5.29.21";
const INVALIDITY_DATE = "2.5.29.24";

function readEntry(node: DerNode, isVersion2: boolean): [serial: string, revokedAt: Date] {
  const [serial, revokedAt, extensions, ...rest] = der.sequence(node, "a CRL entry");
  if (revokedAt === undefined) throw new der.DerError("a CRL entry has no date");
  if (rest.length > 0 || (extensions !== undefined && !isVersion2)) {
    throw new der.DerError("a CRL entry has too many parts");
  }
  if (extensions !== undefined) readKnownExtensions(extensions, [REASON_CODE, INVALIDITY_DATE]);
  const number = der.readInteger(der.expectTag(serial, der.TAG.integer, "a revoked serial number"));
  return [number.toString(), der.readTime(revokedAt)];
}

/** @returns the authority's key identifier in lower-case hex, when there is one */
function readListExtensions(extensions: DerNode | undefined): string | undefined {
  if (extensions === undefined) return undefined;
  const list = der.onlyChild(extensions, "the CRL's extensions");
  const found = readKnownExtensions(list, [AUTHORITY_KEY_IDENTIFIER, CRL_NUMBER]);
  const value = found.get(AUTHORITY_KEY_IDENTIFIER);
  return value === undefined ? undefined : readAuthorityKeyIdentifier(der.readDer(value));
}

/**
 * The values of a list's or an entry's extensions. With a critical one that is not known, the list cannot be used
 * (RFC 5280 §5.2, §5.3): it may be a delta, or of certain certificates only.
 */
function readKnownExtensions(list: DerNode, known: readonly string[]): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const { oid, critical, value } of der.nonEmpty(list, "the CRL's extensions").map(readExtension)) {
    if (found.has(oid)) throw new der.DerError(`the CRL repeats the extension ${oid}`);
    if (critical && !known.includes(oid)) {
      throw new der.DerError(`the CRL has the unknown critical extension ${oid}`);
    }
    found.set(oid, value);
  }
  return found;
}

function isTime(node: DerNode | undefined): boolean {
  return node?.tag === der.TAG.utcTime || node?.tag === der.TAG.generalizedTime;
}
