import { isSourceIdentity, sessionAttributeWarnings } from "../certificate/session-attributes.ts";
import type { NameAttributes } from "../certificate/subject.ts";
import type { PkiWarning } from "../errors.ts";
import { bestPath, findPaths, noPathProblem, pathProblems } from "./certification-path.ts";
import type { CertificationPath } from "./certification-path.ts";
import type { DistinguishedName } from "./distinguished-name.ts";
import { endEntityProblems } from "./end-entity.ts";
import { parseCertificates } from "./parse-certificate.ts";
import type { ParsedCertificate } from "./parse-certificate.ts";
import { predictSession } from "./predict-session.ts";
import type { PredictedSession } from "./predict-session.ts";
import { label } from "./problem.ts";
import type { InspectionProblem } from "./problem.ts";
import { parseRevocationLists, revocationProblems } from "./revocation-list.ts";
import type { ParsedRevocationList } from "./revocation-list.ts";

/** What to inspect. Certificates and lists are PEM texts, or DER. */
export interface CertificateInspectionOptions {
  /** The certificate. Of several in a PEM text the first one; the others count as intermediates. */
  readonly certificate: string | Uint8Array;
  /** The certificates between it and the trust anchor, in any order. */
  readonly intermediates?: string | Uint8Array | undefined;
  /** The certificates of the trust anchor, one or two. Without them the chain is not checked. */
  readonly trustAnchor?: string | Uint8Array | undefined;
  /** The revocation lists that are imported for the trust anchor. */
  readonly revocationLists?: string | Uint8Array | undefined;
  /** When the certificate would be used. @default now */
  readonly at?: Date | undefined;
}

/** What IAM Roles Anywhere would make of a certificate. */
export interface CertificateInspection extends PredictedSession {
  /** `undecided` when nothing speaks against the certificate, and no trust anchor was given. */
  readonly verdict: "accepted" | "refused" | "undecided";
  /** Why AWS would refuse it, in the order of the checks of `ra-mock`. Empty unless the verdict is `refused`. */
  readonly problems: readonly InspectionProblem[];
  /** Names that cannot become session tags. AWS grants sessions without them, or refuses: users report both. */
  readonly warnings: readonly PkiWarning[];
  /** RFC 4514 text. */
  readonly subject: string;
  /** RFC 4514 text. */
  readonly issuer: string;
  /** Hexadecimal in upper case, two digits an octet. */
  readonly serialNumber: string;
  /** Decimal, as a signed request has it. */
  readonly serialNumberDecimal: string;
  /** For example `RSA 2048` or `EC prime256v1`. */
  readonly keyType: string;
  /** For example `ECDSA with SHA-256`. */
  readonly signatureAlgorithm: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The subjects from the certificate to the trust anchor. Empty when no chain leads there, or none was looked for. */
  readonly path: readonly string[];
}

/** The most certificates that a request may carry beside the client's. */
const LONGEST_CHAIN = 5;

/**
 * Says whether IAM Roles Anywhere would accept a certificate, with which session name, source identity and session tags,
 * and why not. It takes certificates of any CA, and needs no key.
 *
 * The rules are those of AWS's user guide and of RFC 5280. Where neither says anything, they are the ones that `ra-mock`
 * chose. Resources, roles and trust policies are not part of it.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE_INVALID or ERR_PKI_REVOCATION_LIST_INVALID when an input cannot be read
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html "Signature validation"
 * @example
 * const { verdict, problems } = inspectCertificate({ certificate: clientPem, trustAnchor: rootPem });
 * if (verdict === "refused") for (const { code, message } of problems) console.error(code, message);
 */
export function inspectCertificate(options: CertificateInspectionOptions): CertificateInspection {
  const { at = new Date(), intermediates, revocationLists, trustAnchor } = options;
  const [certificate, ...bundled] = parseCertificates(options.certificate, "the certificate file");
  if (certificate === undefined) throw new TypeError("parseCertificates returned nothing");
  const chain = [...bundled, ...optional(intermediates, "the intermediates", parseCertificates)];
  const anchors = optional(trustAnchor, "the trust anchor", parseCertificates);
  const lists = optional(revocationLists, "the file", parseRevocationLists);
  const session = predictSession(certificate);
  const { path, problems: pathOrNot } =
    trustAnchor === undefined
      ? { path: [], problems: pathProblems([certificate], at) }
      : judgePath(certificate, chain, anchors, lists, at);
  const problems = [
    ...chainLengthProblems(chain),
    ...endEntityProblems(certificate),
    ...pathOrNot,
    ...sourceIdentityProblems(certificate, session),
  ];
  return {
    verdict: problems.length > 0 ? "refused" : trustAnchor === undefined ? "undecided" : "accepted",
    problems,
    warnings: warningsOf(certificate).filter(({ code }) => code === "WARN_PKI_NOT_A_SESSION_TAG"),
    ...session,
    subject: certificate.subject.text,
    issuer: certificate.issuer.text,
    serialNumber: session.sessionName.toUpperCase(),
    serialNumberDecimal: certificate.serialNumber.toString(),
    keyType: certificate.keyType,
    signatureAlgorithm: certificate.signatureAlgorithm.name,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    path: path.map(({ subject }) => subject.text),
  };
}

function optional<Parsed>(
  input: string | Uint8Array | undefined,
  what: string,
  parse: (input: string | Uint8Array, what: string) => Parsed[],
): Parsed[] {
  return input === undefined ? [] : parse(input, what);
}

function judgePath(
  certificate: ParsedCertificate,
  intermediates: readonly ParsedCertificate[],
  anchors: readonly ParsedCertificate[],
  lists: readonly ParsedRevocationList[],
  at: Date,
): { path: CertificationPath; problems: InspectionProblem[] } {
  const best = bestPath(findPaths(certificate, intermediates, anchors), (path) => [
    ...pathProblems(path, at),
    ...revocationProblems(path, lists),
  ]);
  return best ?? { path: [], problems: [noPathProblem(certificate, anchors)] };
}

function chainLengthProblems(chain: readonly ParsedCertificate[]): InspectionProblem[] {
  if (chain.length <= LONGEST_CHAIN) return [];
  return [
    {
      code: "CHAIN_TOO_LONG",
      message: `${chain.length} certificates go with the certificate, and a request may have ${LONGEST_CHAIN}; leave out the others`,
    },
  ];
}

function sourceIdentityProblems(
  certificate: ParsedCertificate,
  { sourceIdentity }: PredictedSession,
): InspectionProblem[] {
  if (isSourceIdentity(sourceIdentity)) return [];
  const warning = warningsOf(certificate).find(({ code }) => code === "WARN_PKI_NOT_A_SOURCE_IDENTITY");
  return [
    {
      code: "SOURCE_IDENTITY_INVALID",
      message:
        warning?.message ??
        `the source identity of ${label(certificate)} would have ${[...sourceIdentity].length} characters, and STS takes ` +
          "2 to 64; choose a shorter common name",
    },
  ];
}

function warningsOf({ subject, issuer, extensions }: ParsedCertificate): PkiWarning[] {
  const directory = extensions.alternativeNames.find(({ kind }) => kind === "directory");
  return sessionAttributeWarnings({
    subject: attributesOf(subject),
    issuer: attributesOf(issuer),
    alternativeNames: extensions.alternativeNames.flatMap((name) =>
      name.kind === "dns" || name.kind === "uri" ? { type: name.kind, value: name.text } : [],
    ),
    directoryName: directory?.kind === "directory" ? attributesOf(directory.name) : undefined,
  });
}

function attributesOf({ relativeNames }: DistinguishedName): NameAttributes {
  const values: Record<string, string[]> = {};
  for (const { type, value } of relativeNames.flat()) (values[type] ??= []).push(value);
  return values;
}
