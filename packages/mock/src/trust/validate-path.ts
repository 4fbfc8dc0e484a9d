import { Refusal, requireThat } from "../errors/refusal.ts";
import { valueOr } from "../errors/value-or.ts";
import { isSelfIssued, namesIssuer } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { checkNameConstraints } from "./name-constraints.ts";

/** A path of certificates: the end-entity certificate first, the trust anchor's certificate last. */
export type CertificationPath = readonly [Certificate, ...Certificate[]];

/** Further rules that a path must meet, for example revocation; they throw a {@link Refusal}. */
export type PathRule = (path: CertificationPath) => void;

/**
 * Finds a path from the end-entity certificate to a certificate of the trust anchor and validates it (RFC 5280 §6).
 * Intermediates may come in any order and number of copies; what does not belong to the path is ignored.
 *
 * @param anchors the certificates of the trust anchor, roots or intermediates themselves
 */
export function validatePath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  now: Date,
  rules: readonly PathRule[] = [],
): CertificationPath {
  const known = new Set([leaf, ...anchors].map(({ fingerprint }) => fingerprint));
  const sent = intermediates.filter(({ fingerprint }) => !known.has(fingerprint));
  const usable = [...new Map(sent.map((certificate) => [certificate.fingerprint, certificate])).values()];
  let refusal: Refusal | undefined;
  for (const path of pathsFrom([leaf], usable, anchors)) {
    try {
      for (const certificate of path) checkCertificate(certificate, now);
      for (const [above, issuer] of path.slice(1).entries()) checkIssuer(issuer, path.slice(1, above + 1));
      for (const rule of [checkNameConstraints, ...rules]) rule(path);
      return path;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal ??= error;
    }
  }
  throw refusal ?? noPath([leaf, ...usable], anchors);
}

/** The paths that begin with this one and end at an anchor, the anchors that issued its last certificate first. */
function* pathsFrom(
  path: CertificationPath,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
): Generator<CertificationPath> {
  const tip = path.at(-1) ?? path[0];
  for (const anchor of anchors) if (isIssuedBy(tip, anchor)) yield [...path, anchor];
  for (const candidate of intermediates) {
    if (path.includes(candidate) || !isIssuedBy(tip, candidate)) continue;
    yield* pathsFrom([...path, candidate], intermediates, anchors);
  }
}

/**
 * Whether a signature is right, by certificate and issuer. So no chain makes the mock verify a pair twice, and a
 * certificate that comes again is not verified again.
 */
const verified = new WeakMap<Certificate, WeakMap<Certificate, boolean>>();

/** Whether names, key identifiers and the signature say that this issuer issued the certificate. */
function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (!namesIssuer(certificate.issuer, certificate.extensions.authorityKeyIdentifier, issuer)) return false;
  const outcomes = verified.get(certificate) ?? new WeakMap<Certificate, boolean>();
  verified.set(certificate, outcomes);
  const known = outcomes.get(issuer);
  if (known !== undefined) return known;
  const { publicKey } = issuer;
  const holds = publicKey !== undefined && valueOr(false, () => certificate.x509.verify(publicKey));
  outcomes.set(issuer, holds);
  return holds;
}

/** Checks the rules for every certificate of a path (RFC 5280 §6.1.3, and AWS's rule on hashes). */
function checkCertificate(certificate: Certificate, now: Date): void {
  const name = certificate.subject.text;
  const { signatureAlgorithm, extensions } = certificate;
  requireThat(now <= certificate.notAfter, "CERTIFICATE_EXPIRED", () => ({
    expected: `certificates valid at ${now.toISOString()}`,
    received: `${name} expired at ${certificate.notAfter.toISOString()}`,
  }));
  requireThat(now >= certificate.notBefore, "CERTIFICATE_NOT_YET_VALID", () => ({
    expected: `certificates valid at ${now.toISOString()}`,
    received: `${name} is valid from ${certificate.notBefore.toISOString()}`,
  }));
  requireThat(signatureAlgorithm.strong, "SIGNATURE_HASH_WEAK", () => ({
    expected: "certificates signed with SHA-256 or stronger",
    received: `${name} is signed with ${signatureAlgorithm.name}`,
  }));
  requireThat(extensions.duplicated.length === 0, "EXTENSION_DUPLICATED", () => ({
    expected: "each extension at most once (RFC 5280 section 4.2)",
    received: `${name} repeats ${extensions.duplicated.join(", ")}`,
  }));
  requireThat(extensions.unknownCritical.length === 0, "CRITICAL_EXTENSION_UNKNOWN", () => ({
    expected: "no critical extension that path validation does not know (RFC 5280 section 4.2)",
    received: `${name} has critical ${extensions.unknownCritical.join(", ")}`,
  }));
}

/** Checks the rules for every issuer of a path (RFC 5280 §6.1.4). `below` are those down to the end-entity certificate. */
function checkIssuer(issuer: Certificate, below: readonly Certificate[]): void {
  const name = issuer.subject.text;
  const { basicConstraints, keyUsage } = issuer.extensions;
  requireThat(issuer.version === 3 && basicConstraints?.ca === true, "ISSUER_NOT_CA", () => ({
    expected: "issuers of version 3 with basicConstraints CA:true",
    received: `${name}, version ${issuer.version}, ${basicConstraints === undefined ? "no basicConstraints" : "CA:false"}`,
  }));
  requireThat(keyUsage?.has("keyCertSign") === true, "ISSUER_KEY_USAGE_MISSING", () => ({
    expected: "issuers with keyUsage keyCertSign",
    received: `${name} with ${keyUsage === undefined ? "no keyUsage extension" : [...keyUsage].join(", ")}`,
  }));
  const { pathLength } = basicConstraints;
  // Self-issued certificates, such as those of a key rollover, do not count (RFC 5280 §4.2.1.9).
  const depth = below.filter((certificate) => !isSelfIssued(certificate)).length;
  requireThat(pathLength === undefined || depth <= pathLength, "PATH_LENGTH_EXCEEDED", () => ({
    expected: `at most ${pathLength} intermediate certificates below ${name} (its pathlen)`,
    received: `${depth}: ${below.map((certificate) => certificate.subject.text).join(", ")}`,
  }));
}

function noPath(sent: readonly [Certificate, ...Certificate[]], anchors: readonly Certificate[]): Refusal {
  const names = anchors.map(
    ({ subject, fingerprint }) => `${subject.text} (SHA-256 ${fingerprint.slice(0, 16)}…)`,
  );
  return new Refusal("CHAIN_UNTRUSTED", {
    expected: `a chain of signatures from ${sent[0].subject.text} up to ${names.join(" or ")}`,
    received: sent.map(({ subject, issuer }) => `${subject.text} issued by ${issuer.text}`).join("; "),
  });
}
