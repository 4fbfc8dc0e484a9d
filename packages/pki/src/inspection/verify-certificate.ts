import type { KeyObject } from "node:crypto";
import { bestPath, findPaths, namesIssuer, noPathProblem, pathProblems } from "./certification-path.ts";
import type { CertificationPath } from "./certification-path.ts";
import { parseCertificates } from "./parse-certificate.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";
import { label } from "./problem.ts";
import type { InspectionProblem } from "./problem.ts";
import { parseRevocationLists, revocationProblems } from "./revocation-list.ts";
import type { ParsedRevocationList } from "./revocation-list.ts";

/** What to verify. Certificates and lists are PEM texts, or DER. */
export interface VerificationOptions {
  /** The certificate, of a client or of a CA. Of several in a PEM text the first one; the others count as intermediates. */
  readonly certificate: string | Uint8Array;
  /** The certificates that are trusted. */
  readonly trustAnchor: string | Uint8Array;
  readonly intermediates?: string | Uint8Array | undefined;
  /** One of each issuer of the path. Without any, revocation is not looked at. */
  readonly revocationLists?: string | Uint8Array | undefined;
  /** The private key that should belong to the certificate. */
  readonly privateKey?: KeyObject | undefined;
  /** @default now */
  readonly at?: Date | undefined;
}

/** What is wrong with a certificate or its files. */
export interface VerificationProblem {
  readonly code:
    | InspectionProblem["code"]
    /** The private key is that of another certificate. */
    | "KEY_MISMATCH"
    /** A revocation list is past its next update, so that nobody can tell who was revoked since. */
    | "CRL_EXPIRED"
    /** Revocation lists were given, and none is that of an issuer of the path, so that nobody can tell whom it revoked. */
    | "CRL_MISSING";
  readonly message: string;
}

export interface Verification {
  readonly verified: boolean;
  /** Empty when the certificate is verified. */
  readonly problems: readonly VerificationProblem[];
  readonly subject: string;
  readonly notAfter: Date;
  /** The subjects from the certificate to the trusted one; empty when no chain leads there. */
  readonly path: readonly string[];
}

/**
 * Verifies a certificate by RFC 5280: chain, signatures, validity, path length, name constraints, revocation, and whether the
 * key belongs to it. What only Roles Anywhere wants is the matter of `inspectCertificate`.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE_INVALID or ERR_PKI_REVOCATION_LIST_INVALID when an input cannot be read
 * @example
 * const { verified, problems } = verifyCertificate({ certificate: clientPem, trustAnchor: rootPem });
 */
export function verifyCertificate(options: VerificationOptions): Verification {
  const { at = new Date(), intermediates, privateKey, revocationLists } = options;
  const [certificate, ...bundled] = parseCertificates(options.certificate, "the certificate file");
  if (certificate === undefined) throw new TypeError("parseCertificates returned nothing");
  const chain = intermediates === undefined ? [] : parseCertificates(intermediates, "the intermediates");
  const anchors = parseCertificates(options.trustAnchor, "the trust anchor");
  const lists =
    revocationLists === undefined ? [] : parseRevocationLists(revocationLists, "the revocation list");
  const best = bestPath<VerificationProblem>(
    findPaths(certificate, [...bundled, ...chain], anchors),
    (path) => [
      ...pathProblems(path, at),
      ...revocationProblems(path, lists),
      ...(revocationLists === undefined ? [] : missingListProblems(path, lists)),
      ...lists.flatMap((list) => agedListProblems(list, at)),
    ],
  );
  const problems = [
    ...(best?.problems ?? [noPathProblem(certificate, anchors)]),
    ...keyProblems(certificate, privateKey),
  ];
  return {
    verified: problems.length === 0,
    problems,
    subject: certificate.subject.text,
    notAfter: certificate.notAfter,
    path: best?.path.map(({ subject }) => subject.text) ?? [],
  };
}

function missingListProblems(
  path: CertificationPath,
  lists: readonly ParsedRevocationList[],
): VerificationProblem[] {
  return [...new Set(path.slice(1))]
    .filter((issuer) => !lists.some((list) => namesIssuer(list.issuer, list.authorityKeyIdentifier, issuer)))
    .map((issuer) => ({
      code: "CRL_MISSING",
      message:
        `no revocation list of ${label(issuer)} was given, so that nobody can tell whom it has revoked; ` +
        "add it to the file of the lists",
    }));
}

function agedListProblems({ issuer, nextUpdate }: ParsedRevocationList, at: Date): VerificationProblem[] {
  if (nextUpdate === undefined || at <= nextUpdate) return [];
  return [
    {
      code: "CRL_EXPIRED",
      message:
        `the next revocation list of ${JSON.stringify(issuer.text)} was due at ${nextUpdate.toISOString()}; ` +
        "make it with: ra-pki crl",
    },
  ];
}

function keyProblems(certificate: ParsedCertificate, key: KeyObject | undefined): VerificationProblem[] {
  if (key === undefined || certificate.x509.checkPrivateKey(key)) return [];
  return [
    {
      code: "KEY_MISMATCH",
      message: `the private key is not that of ${label(certificate)}; give the key that was made with it`,
    },
  ];
}
