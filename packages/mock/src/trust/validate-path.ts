import { AWS_MESSAGE, denied, Refusal } from "../errors/refusal.ts";
import { isSelfIssued, namesIssuer } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { formatName } from "./distinguished-name.ts";
import { checkNameConstraints } from "./name-constraints.ts";

/** A path of certificates: the end-entity certificate first, the trust anchor's certificate last. */
export type CertificationPath = readonly [Certificate, ...Certificate[]];

/** Further rules that a path must meet, for example revocation; they throw a {@link Refusal}. */
export type PathRule = (path: CertificationPath) => void;

/**
 * Finds a path from the end-entity certificate to a certificate of the trust anchor and validates it (RFC 5280 §6).
 * Intermediates may come in any order and number of copies; what does not belong to the path is ignored.
 *
 * @param leaf the end-entity certificate
 * @param intermediates what the client sent beside it
 * @param anchors the certificates of the trust anchor, roots or intermediates themselves
 * @param now the time to validate at
 * @throws {Refusal} the first failure of the path that got furthest, CHAIN_UNTRUSTED when there is no path
 */
export function validatePath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  now: Date,
  rules: readonly PathRule[] = [],
): CertificationPath {
  const anchorPrints = new Set(anchors.map(({ fingerprint }) => fingerprint));
  const usable = new Map(
    intermediates
      .filter(({ fingerprint }) => fingerprint !== leaf.fingerprint && !anchorPrints.has(fingerprint))
      .map((certificate) => [certificate.fingerprint, certificate]),
  );
  const search: Search = { anchors, intermediates: [...usable.values()], now, rules };
  const outcome = extend(search, [leaf]);
  if (outcome.path !== undefined) return outcome.path;
  throw outcome.refusal ?? noPath(leaf, [leaf, ...search.intermediates], anchors);
}

interface Search {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly now: Date;
  readonly rules: readonly PathRule[];
}

interface Outcome {
  readonly path?: CertificationPath | undefined;
  readonly refusal?: Refusal | undefined;
}

function extend(search: Search, path: CertificationPath): Outcome {
  const tip = path.at(-1) ?? path[0];
  let refusal: Refusal | undefined;
  for (const anchor of search.anchors) {
    if (!isIssuedBy(tip, anchor)) continue;
    const complete: CertificationPath = [...path, anchor];
    try {
      checkPath(search, complete);
      return { path: complete };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal ??= error;
    }
  }
  for (const candidate of search.intermediates) {
    if (path.includes(candidate) || !isIssuedBy(tip, candidate)) continue;
    const outcome = extend(search, [...path, candidate]);
    if (outcome.path !== undefined) return outcome;
    refusal ??= outcome.refusal;
  }
  return { refusal };
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
  const holds = issuer.publicKey !== undefined && verifies(certificate, issuer.publicKey);
  outcomes.set(issuer, holds);
  return holds;
}

function verifies(certificate: Certificate, key: NonNullable<Certificate["publicKey"]>): boolean {
  try {
    return certificate.x509.verify(key);
  } catch {
    return false;
  }
}

function checkPath({ now, rules }: Search, path: CertificationPath): void {
  for (const certificate of path) checkCertificate(certificate, now);
  for (const [depth, certificate] of path.entries()) {
    if (depth > 0) checkIssuer(certificate, path.slice(1, depth));
  }
  for (const rule of [checkNameConstraints, ...rules]) rule(path);
}

/** Checks the rules for every certificate of a path (RFC 5280 §6.1.3, and AWS's rule on hashes). */
function checkCertificate(certificate: Certificate, now: Date): void {
  const name = formatName(certificate.subject);
  const { signatureAlgorithm, extensions } = certificate;
  if (now > certificate.notAfter) {
    throw denied("CERTIFICATE_EXPIRED", AWS_MESSAGE.untrusted, {
      expected: `certificates valid at ${now.toISOString()}`,
      received: `${name} expired at ${certificate.notAfter.toISOString()}`,
      remedy: "renew that certificate; if it is the trust anchor's, update the trust anchor",
    });
  }
  if (now < certificate.notBefore) {
    throw denied("CERTIFICATE_NOT_YET_VALID", AWS_MESSAGE.untrusted, {
      expected: `certificates valid at ${now.toISOString()}`,
      received: `${name} is valid from ${certificate.notBefore.toISOString()}`,
      remedy: "wait, or correct the clock of the CA or of this server",
    });
  }
  if (!signatureAlgorithm.strong) {
    throw denied("SIGNATURE_HASH_WEAK", AWS_MESSAGE.insufficient, {
      expected: "certificates signed with SHA-256 or stronger",
      received: `${name} is signed with ${signatureAlgorithm.name}`,
      remedy: "issue that certificate again with SHA-256",
    });
  }
  if (extensions.duplicated.length > 0) {
    throw denied("EXTENSION_DUPLICATED", AWS_MESSAGE.untrusted, {
      expected: "each extension at most once (RFC 5280 section 4.2)",
      received: `${name} repeats ${extensions.duplicated.join(", ")}`,
      remedy: "issue that certificate again",
    });
  }
  if (extensions.unknownCritical.length > 0) {
    throw denied("CRITICAL_EXTENSION_UNKNOWN", AWS_MESSAGE.untrusted, {
      expected: "no critical extension that path validation does not know (RFC 5280 section 4.2)",
      received: `${name} has critical ${extensions.unknownCritical.join(", ")}`,
      remedy: "issue that certificate without the extension, or with the extension not critical",
    });
  }
}

/**
 * Checks the rules for every issuer of a path (RFC 5280 §6.1.4).
 *
 * @param below the issuers between this one and the end-entity certificate
 */
function checkIssuer(issuer: Certificate, below: readonly Certificate[]): void {
  const name = formatName(issuer.subject);
  const { basicConstraints, keyUsage } = issuer.extensions;
  if (issuer.version !== 3 || basicConstraints?.ca !== true) {
    throw denied("ISSUER_NOT_CA", AWS_MESSAGE.untrusted, {
      expected: "issuers of version 3 with basicConstraints CA:true",
      received: `${name}, version ${issuer.version}, ${basicConstraints === undefined ? "no basicConstraints" : "CA:false"}`,
      remedy: "issue the certificate below it from a CA certificate",
    });
  }
  if (keyUsage?.has("keyCertSign") !== true) {
    throw denied("ISSUER_KEY_USAGE_MISSING", AWS_MESSAGE.untrusted, {
      expected: "issuers with keyUsage keyCertSign",
      received: `${name} with ${keyUsage === undefined ? "no keyUsage extension" : [...keyUsage].join(", ")}`,
      remedy: "issue that CA certificate with keyUsage = critical, keyCertSign, cRLSign",
    });
  }
  const { pathLength } = basicConstraints;
  // Self-issued certificates, such as those of a key rollover, do not count (RFC 5280 §4.2.1.9).
  const depth = below.filter((certificate) => !isSelfIssued(certificate)).length;
  if (pathLength !== undefined && depth > pathLength) {
    throw denied("PATH_LENGTH_EXCEEDED", AWS_MESSAGE.untrusted, {
      expected: `at most ${pathLength} intermediate certificates below ${name} (its pathlen)`,
      received: `${depth}: ${below.map((certificate) => formatName(certificate.subject)).join(", ")}`,
      remedy: "issue the certificate from a CA higher up, or that CA with a larger pathlen",
    });
  }
}

function noPath(leaf: Certificate, sent: readonly Certificate[], anchors: readonly Certificate[]): Refusal {
  return denied("CHAIN_UNTRUSTED", AWS_MESSAGE.untrusted, {
    expected: `a chain of signatures from ${formatName(leaf.subject)} up to ${anchors.map(describe).join(" or ")}`,
    received: sent
      .map((certificate) => `${formatName(certificate.subject)} issued by ${formatName(certificate.issuer)}`)
      .join("; "),
    remedy:
      "name the trust anchor of the CA that issued the certificate, and send every intermediate in X-Amz-X509-Chain",
  });
}

function describe(certificate: Certificate): string {
  return `${formatName(certificate.subject)} (SHA-256 ${certificate.fingerprint.slice(0, 16)}…)`;
}
