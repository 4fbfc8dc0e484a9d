import { isSameName } from "./distinguished-name.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { nameConstraintProblems } from "./name-constraints.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";
import { label } from "./problem.ts";
import type { InspectionProblem } from "./problem.ts";

/** The certificate first, then its issuers, the trust anchor's certificate last. */
export type CertificationPath = readonly ParsedCertificate[];

/** The most certificates of a path. AWS takes seven: the client's, five intermediates and the trust anchor's. */
const LONGEST_PATH = 10;
/**
 * How many steps the search takes: certificates put on a path, and signatures verified. Five intermediates that all issued each
 * other take fewer than 500. More of them would take a factorial of their number.
 */
const MOST_STEPS = 2000;

interface Search {
  steps: number;
  /** Whether a certificate was issued by another: nothing is verified twice. */
  readonly outcomes: Map<ParsedCertificate, Map<ParsedCertificate, boolean>>;
}

/**
 * Finds the paths from a certificate to the certificates of a trust anchor: by names, key identifiers and signatures.
 * Intermediates may come in any order; the certificate itself and those of the trust anchor among them are ignored.
 * Paths of more than 10 certificates, and those that a search of 2000 steps does not come to, are not found.
 */
export function* findPaths(
  certificate: ParsedCertificate,
  intermediates: readonly ParsedCertificate[],
  anchors: readonly ParsedCertificate[],
): Generator<CertificationPath> {
  const ends = new Set([certificate, ...anchors].map(({ fingerprint }) => fingerprint));
  const usable = new Map(
    intermediates
      .filter(({ fingerprint }) => !ends.has(fingerprint))
      .map((intermediate) => [intermediate.fingerprint, intermediate]),
  );
  yield* extendPath([certificate], [...usable.values()], anchors, { steps: 0, outcomes: new Map() });
}

function* extendPath(
  path: readonly [ParsedCertificate, ...ParsedCertificate[]],
  intermediates: readonly ParsedCertificate[],
  anchors: readonly ParsedCertificate[],
  search: Search,
): Generator<CertificationPath> {
  const last = path.at(-1) ?? path[0];
  search.steps += 1;
  for (const anchor of anchors) if (isIssuedBy(last, anchor, search)) yield [...path, anchor];
  if (path.length + 1 >= LONGEST_PATH) return;
  for (const [index, issuer] of intermediates.entries()) {
    if (search.steps >= MOST_STEPS) return;
    if (isIssuedBy(last, issuer, search))
      yield* extendPath([...path, issuer], intermediates.toSpliced(index, 1), anchors, search);
  }
}

function isIssuedBy(certificate: ParsedCertificate, issuer: ParsedCertificate, search: Search): boolean {
  const outcomes = search.outcomes.get(certificate) ?? new Map<ParsedCertificate, boolean>();
  search.outcomes.set(certificate, outcomes);
  const known = outcomes.get(issuer);
  if (known !== undefined) return known;
  const { authorityKeyIdentifier } = certificate.extensions;
  const named = namesIssuer(certificate.issuer, authorityKeyIdentifier, issuer);
  if (named) search.steps += 1;
  const holds = named && verifies(certificate, issuer);
  outcomes.set(issuer, holds);
  return holds;
}

function verifies(certificate: ParsedCertificate, issuer: ParsedCertificate): boolean {
  try {
    return issuer.publicKey !== undefined && certificate.x509.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/**
 * Whether a certificate or revocation list names this issuer. A CA may have had other keys, so that the key identifiers
 * must be equal where both have one.
 */
export function namesIssuer(
  name: DistinguishedName,
  authorityKeyIdentifier: string | undefined,
  issuer: ParsedCertificate,
): boolean {
  const { subjectKeyIdentifier } = issuer.extensions;
  return (
    isSameName(name, issuer.subject) &&
    (authorityKeyIdentifier ?? subjectKeyIdentifier) === (subjectKeyIdentifier ?? authorityKeyIdentifier)
  );
}

/** The first path without problems; when each one has some, the first path with its problems. */
export function bestPath<Problem>(
  paths: Iterable<CertificationPath>,
  problemsOf: (path: CertificationPath) => Problem[],
): { path: CertificationPath; problems: Problem[] } | undefined {
  let first: { path: CertificationPath; problems: Problem[] } | undefined;
  for (const path of paths) {
    const problems = problemsOf(path);
    if (problems.length === 0) return { path, problems };
    first ??= { path, problems };
  }
  return first;
}

/** The problem that there is no path to the trust anchor at all. */
export function noPathProblem(
  certificate: ParsedCertificate,
  anchors: readonly ParsedCertificate[],
): InspectionProblem {
  return {
    code: "CHAIN_UNTRUSTED",
    message:
      `no chain of signatures leads from ${label(certificate)}, issued by ${JSON.stringify(certificate.issuer.text)}, ` +
      `to the trust anchor ${anchors.map(label).join(" or ")}; give the CA that issued it, and every intermediate`,
  };
}

/**
 * Finds what the validation of a path refuses, apart from revocation. The certificate of the trust anchor is checked as
 * the others are.
 *
 * @see RFC 5280 §6.1
 */
export function pathProblems(path: CertificationPath, at: Date): InspectionProblem[] {
  return [
    ...path.flatMap((certificate) => certificateProblems(certificate, at)),
    ...path.flatMap((certificate, depth) =>
      depth === 0 ? [] : issuerProblems(certificate, path.slice(1, depth)),
    ),
    ...nameConstraintProblems(path),
  ];
}

function certificateProblems(certificate: ParsedCertificate, at: Date): InspectionProblem[] {
  const { extensions, notAfter, notBefore, signatureAlgorithm } = certificate;
  const who = label(certificate);
  const problems: InspectionProblem[] = [];
  if (at > notAfter) {
    problems.push({
      code: "CERTIFICATE_EXPIRED",
      message: `${who} expired at ${notAfter.toISOString()}; renew it`,
    });
  }
  if (at < notBefore) {
    problems.push({
      code: "CERTIFICATE_NOT_YET_VALID",
      message: `${who} is valid from ${notBefore.toISOString()}; wait, or correct the clock of its CA`,
    });
  }
  if (!signatureAlgorithm.isStrong) {
    problems.push({
      code: "SIGNATURE_HASH_WEAK",
      message: `${who} is signed with ${signatureAlgorithm.name}; issue it again with SHA-256 or stronger`,
    });
  }
  if (extensions.repeated.length > 0) {
    problems.push({
      code: "EXTENSION_DUPLICATED",
      message: `${who} has the extension ${extensions.repeated.join(", ")} more than once; issue it again`,
    });
  }
  if (extensions.unknownCritical.length > 0) {
    problems.push({
      code: "CRITICAL_EXTENSION_UNKNOWN",
      message:
        `${who} has the critical extension ${extensions.unknownCritical.join(", ")}, which AWS need not know; ` +
        "issue it without, or with the extension not critical",
    });
  }
  return problems;
}

function issuerProblems(issuer: ParsedCertificate, below: readonly ParsedCertificate[]): InspectionProblem[] {
  const { basicConstraints, keyUsage } = issuer.extensions;
  const who = label(issuer);
  const problems: InspectionProblem[] = [];
  // Only version 3 has extensions.
  if (basicConstraints?.ca !== true) {
    problems.push({
      code: "ISSUER_NOT_CA",
      message: `${who} issued a certificate and is not a CA (version 3, basicConstraints CA:TRUE); use another CA`,
    });
  }
  if (keyUsage?.includes("keyCertSign") !== true) {
    problems.push({
      code: "ISSUER_KEY_USAGE_MISSING",
      message: `${who} issued a certificate without having keyUsage keyCertSign; make that CA again with it`,
    });
  }
  const pathLength = basicConstraints?.pathLength;
  // Self-issued certificates, such as those of a new key, do not count (RFC 5280 §4.2.1.9).
  const count = below.filter((certificate) => !isSameName(certificate.subject, certificate.issuer)).length;
  if (pathLength !== undefined && count > pathLength) {
    problems.push({
      code: "PATH_LENGTH_EXCEEDED",
      message:
        `${who} allows ${pathLength} intermediate certificates below it (pathlen), and there are ${count}; ` +
        "issue from a CA that is higher up",
    });
  }
  return problems;
}
