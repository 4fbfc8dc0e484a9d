import { AWS_MESSAGE, denied, Refusal } from "../errors/refusal.ts";
import type { Certificate } from "./certificate.ts";
import { formatName } from "./distinguished-name.ts";
import { nameConstraintFailure } from "./name-constraints.ts";

/** A path that holds: the end-entity certificate first, the trust anchor's certificate last. */
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
  path?: CertificationPath;
  refusal?: Refusal;
}

function extend(search: Search, path: CertificationPath): Outcome {
  const tip = path.at(-1) ?? path[0];
  let refusal: Refusal | undefined;
  for (const anchor of search.anchors) {
    if (!isIssuedBy(tip, anchor)) continue;
    const complete: CertificationPath = [...path, anchor];
    const failure = findFailure(search, complete);
    if (failure === undefined) return { path: complete };
    refusal ??= failure;
  }
  for (const candidate of search.intermediates) {
    if (path.includes(candidate) || !isIssuedBy(tip, candidate)) continue;
    const outcome = extend(search, [...path, candidate]);
    if (outcome.path !== undefined) return outcome;
    refusal ??= outcome.refusal;
  }
  return refusal === undefined ? {} : { refusal };
}

/**
 * Outcomes of signatures tried, by certificate and issuer. A hostile chain costs each pair once, and the certificate
 * that comes back every hour costs nothing.
 */
const verified = new WeakMap<Certificate, WeakMap<Certificate, boolean>>();

/** Name chaining, key identifiers and the signature itself. */
function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.issuer.comparisonKey !== issuer.subject.comparisonKey) return false;
  const wanted = certificate.extensions.authorityKeyIdentifier;
  const offered = issuer.extensions.subjectKeyIdentifier;
  if (wanted !== undefined && offered !== undefined && wanted !== offered) return false;
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

function findFailure(search: Search, path: CertificationPath): Refusal | undefined {
  return (
    path
      .map((certificate) => certificateFailure(certificate, search.now))
      .find((failure) => failure !== undefined) ??
    path
      .map((certificate, depth) =>
        depth === 0 ? undefined : issuerFailure(certificate, path.slice(1, depth)),
      )
      .find((failure) => failure !== undefined) ??
    nameConstraintFailure(path) ??
    rulesFailure(search.rules, path)
  );
}

function rulesFailure(rules: readonly PathRule[], path: CertificationPath): Refusal | undefined {
  for (const rule of rules) {
    try {
      rule(path);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }
  return undefined;
}

/** What holds for every certificate of a path (RFC 5280 §6.1.3, and AWS's rule on hashes). */
function certificateFailure(certificate: Certificate, now: Date): Refusal | undefined {
  const name = formatName(certificate.subject);
  const { signatureAlgorithm, extensions } = certificate;
  if (now > certificate.notAfter) {
    return denied("CERTIFICATE_EXPIRED", AWS_MESSAGE.untrusted, {
      expected: `certificates valid at ${now.toISOString()}`,
      received: `${name} expired at ${certificate.notAfter.toISOString()}`,
      remedy: "renew that certificate; if it is the trust anchor's, update the trust anchor",
    });
  }
  if (now < certificate.notBefore) {
    return denied("CERTIFICATE_NOT_YET_VALID", AWS_MESSAGE.untrusted, {
      expected: `certificates valid at ${now.toISOString()}`,
      received: `${name} is valid from ${certificate.notBefore.toISOString()}`,
      remedy: "wait, or correct the clock of the CA or of this server",
    });
  }
  if (!signatureAlgorithm.strong) {
    return denied("SIGNATURE_HASH_WEAK", AWS_MESSAGE.insufficient, {
      expected: "certificates signed with SHA-256 or stronger",
      received: `${name} is signed with ${signatureAlgorithm.name}`,
      remedy: "issue that certificate again with SHA-256",
    });
  }
  if (extensions.duplicated.length > 0) {
    return denied("EXTENSION_DUPLICATED", AWS_MESSAGE.untrusted, {
      expected: "each extension at most once (RFC 5280 section 4.2)",
      received: `${name} repeats ${extensions.duplicated.join(", ")}`,
      remedy: "issue that certificate again",
    });
  }
  if (extensions.unknownCritical.length > 0) {
    return denied("CRITICAL_EXTENSION_UNKNOWN", AWS_MESSAGE.untrusted, {
      expected: "no critical extension that path validation does not know (RFC 5280 section 4.2)",
      received: `${name} has critical ${extensions.unknownCritical.join(", ")}`,
      remedy: "issue that certificate without the extension, or with the extension not critical",
    });
  }
  return undefined;
}

/**
 * What holds for every issuer of a path (RFC 5280 §6.1.4).
 *
 * @param below the issuers between this one and the end-entity certificate
 */
function issuerFailure(issuer: Certificate, below: readonly Certificate[]): Refusal | undefined {
  const name = formatName(issuer.subject);
  const { basicConstraints, keyUsage } = issuer.extensions;
  if (issuer.version !== 3 || basicConstraints?.ca !== true) {
    return denied("ISSUER_NOT_CA", AWS_MESSAGE.untrusted, {
      expected: "issuers of version 3 with basicConstraints CA:true",
      received: `${name}, version ${issuer.version}, ${basicConstraints === undefined ? "no basicConstraints" : "CA:false"}`,
      remedy: "issue the certificate below it from a CA certificate",
    });
  }
  if (keyUsage?.has("keyCertSign") !== true) {
    return denied("ISSUER_KEY_USAGE_MISSING", AWS_MESSAGE.untrusted, {
      expected: "issuers with keyUsage keyCertSign",
      received: `${name} with ${keyUsage === undefined ? "no keyUsage extension" : [...keyUsage].join(", ")}`,
      remedy: "issue that CA certificate with keyUsage = critical, keyCertSign, cRLSign",
    });
  }
  const { pathLength } = basicConstraints;
  // Self-issued certificates, such as those of a key rollover, do not count (RFC 5280 §4.2.1.9).
  const depth = below.filter((certificate) => !isSelfIssued(certificate)).length;
  if (pathLength !== undefined && depth > pathLength) {
    return denied("PATH_LENGTH_EXCEEDED", AWS_MESSAGE.untrusted, {
      expected: `at most ${pathLength} intermediate certificates below ${name} (its pathlen)`,
      received: `${depth}: ${below.map((certificate) => formatName(certificate.subject)).join(", ")}`,
      remedy: "issue the certificate from a CA higher up, or that CA with a larger pathlen",
    });
  }
  return undefined;
}

/** Whether issuer and subject are the same name. */
export function isSelfIssued(certificate: Certificate): boolean {
  return certificate.issuer.comparisonKey === certificate.subject.comparisonKey;
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
