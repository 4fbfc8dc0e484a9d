import { X509Certificate } from "node:crypto";

import { isoSeconds } from "../keys/identity.ts";
import { certificateFacts, certificateNames } from "./certificate-facts.ts";
import type { NameValue } from "./certificate-facts.ts";
import { fail, ok, warn } from "./finding.ts";
import type { Finding } from "./finding.ts";

const OID_CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
const OID_ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

const WEAK_HASHES: ReadonlySet<string> = new Set(["MD5", "SHA-1", "SHA-224"]);

/**
 * Checks an end-entity certificate against the rules of Roles Anywhere.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export function checkCertificate(x509: X509Certificate): readonly Finding[] {
  const { version, isCa, keyUsage, signatureHash } = certificateFacts(x509);
  const subject = oneLine(x509.subject);
  return [
    version === 3
      ? ok("certificate version", "X.509 v3")
      : fail("certificate version", `X.509 v${version}`, "issue an X.509 v3 certificate, with extensions"),
    isCa
      ? fail(
          "basic constraints",
          "the certificate is a CA's",
          "give the end-entity certificate, or issue one with CA:FALSE",
        )
      : ok("basic constraints", "not a CA"),
    keyUsage?.digitalSignature === true
      ? ok("key usage", "digitalSignature")
      : fail(
          "key usage",
          keyUsage === undefined ? "the extension is missing" : "digitalSignature is missing",
          "issue a certificate with keyUsage digitalSignature",
        ),
    checkExtendedKeyUsage(x509),
    checkHash("signature hash", signatureHash, "the certificate"),
    subject === ""
      ? fail(
          "subject",
          "the subject is empty",
          "issue a certificate with a subject, such as CN=name: Roles Anywhere identifies the caller by it",
        )
      : ok("subject", subject),
    ...checkNames(x509),
  ];
}

/** The values that STS accepts for a session tag, and for the source identity. */
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;
const SOURCE_IDENTITY = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{2,64}$/u;
const ALLOWED = "letters, digits, blanks and _ . : / = + - @ alone";

/**
 * Finds names that cannot become session tags or the source identity. AWS does not document what it does with them;
 * users report that it refuses the session.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
function checkNames(x509: X509Certificate): readonly Finding[] {
  const { subject, issuer, dns, uri, directory } = certificateNames(x509);
  const findings: Finding[] = [];
  const check = (field: string, specifier: string, what: string, value: string): void => {
    if (TAG_VALUE.test(value)) return;
    findings.push(
      warn(
        "session tags",
        `${what} ${JSON.stringify(value)} cannot become a session tag, and AWS may refuse the session`,
        `choose a name of ${ALLOWED}, or delete the profile's mapping: aws rolesanywhere delete-attribute-mapping ` +
          `--profile-id ID --certificate-field ${field} --specifiers '${specifier}'`,
      ),
    );
  };
  // Repeated relative names become one value.
  const joined = (name: readonly NameValue[]): readonly (readonly [string, string])[] =>
    [...new Set(name.map(({ type }) => type))].map((type) => [
      type,
      name.flatMap((part) => (part.type === type ? [part.value] : [])).join("/"),
    ]);
  const commonName = subject.find(({ type }) => type === "CN")?.value ?? "";
  const identity = [...commonName].length <= 61 ? `CN=${commonName}` : commonName;
  const isIdentity = commonName === "" || SOURCE_IDENTITY.test(identity);
  if (!isIdentity) {
    findings.push(
      warn(
        "source identity",
        `the common name ${JSON.stringify(commonName)} cannot be the source identity, and AWS refuses the session`,
        `issue a certificate whose common name has ${ALLOWED}, 64 at most`,
      ),
    );
  }
  for (const [type, value] of joined(subject)) {
    if (type !== "CN" || isIdentity) check("x509Subject", "*", `${type} of the subject`, value);
  }
  for (const [type, value] of joined(issuer)) check("x509Issuer", "*", `${type} of the issuer`, value);
  for (const value of dns) check("x509SAN", "DNS", "DNS name", value);
  for (const value of uri) check("x509SAN", "URI", "URI", value);
  for (const [type, value] of joined(directory)) {
    check("x509SAN", "Name/*", `${type} of the directory name`, value);
  }
  return findings;
}

/**
 * Checks that the intermediates lead from the certificate towards the trust anchor.
 *
 * @param leaf End-entity certificate.
 * @param intermediates DER of each, in the order in which they are sent.
 * @param moment Now.
 */
export function checkChain(
  leaf: X509Certificate,
  intermediates: readonly Uint8Array[],
  moment: Date,
): readonly Finding[] {
  const chain = intermediates.map((der) => new X509Certificate(der));
  if (chain.length === 0) {
    return [ok("chain", `no intermediates: the trust anchor has to be "${oneLine(leaf.issuer)}"`)];
  }
  const sorted = pathFrom(leaf, chain);
  const findings = chain.flatMap((certificate) => checkIntermediate(certificate, moment));
  const stray = chain.find((certificate) => !sorted.includes(certificate));
  const last = sorted.at(-1);
  if (stray !== undefined) {
    findings.push(
      fail(
        "chain",
        `intermediate "${oneLine(stray.subject)}" is not on the path from the certificate, which was issued by "${oneLine(leaf.issuer)}"`,
        "keep the certificates between yours and the trust anchor, and only those",
      ),
    );
  } else if (sorted.some((certificate, index) => certificate !== chain[index])) {
    findings.push(
      warn(
        "chain",
        "the intermediates are complete, in another order than that of issue",
        "put the issuer of your certificate first, then its issuer, and so on",
      ),
    );
  } else if (last !== undefined && isSelfSigned(last)) {
    findings.push(
      warn("chain", `"${oneLine(last.subject)}" is a root`, "leave the root out: the trust anchor has it"),
    );
  } else {
    findings.push(
      ok("chain", `${chain.length} in order; the trust anchor has to be "${oneLine(last?.issuer ?? "")}"`),
    );
  }
  return findings;
}

/** AWS does not document what it does with an extension without clientAuth; users report that it refuses the session. */
function checkExtendedKeyUsage(x509: X509Certificate): Finding {
  const check = "extended key usage";
  // Undefined for a certificate without the extension, whatever the types say.
  const purposes: readonly string[] | undefined = x509.keyUsage;
  if (purposes === undefined) return ok(check, "not restricted");
  if (purposes.includes(OID_CLIENT_AUTH)) return ok(check, "clientAuth");
  if (purposes.includes(OID_ANY_EXTENDED_KEY_USAGE)) return ok(check, "any");
  return warn(
    check,
    "clientAuth is missing",
    "issue a certificate with extendedKeyUsage clientAuth, or without the extension",
  );
}

/** The certificates of the path from the end-entity certificate, each the issuer of the one before. */
function pathFrom(leaf: X509Certificate, pool: readonly X509Certificate[]): readonly X509Certificate[] {
  const path: X509Certificate[] = [];
  for (let current: X509Certificate | undefined = leaf; current !== undefined;) {
    const child: X509Certificate = current;
    current = pool.find((candidate) => !path.includes(candidate) && isIssuedBy(child, candidate));
    if (current !== undefined) path.push(current);
  }
  return path;
}

/** Compares the names and verifies the signature. The extensions of the issuer have checks of their own. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

function checkIntermediate(certificate: X509Certificate, moment: Date): Finding[] {
  const name = `intermediate "${oneLine(certificate.subject)}"`;
  const { isCa, keyUsage, signatureHash } = certificateFacts(certificate);
  const findings: Finding[] = [];
  if (!isCa) {
    findings.push(fail("chain", `${name} is not a CA`, "give the certificates of the CAs only"));
  }
  if (keyUsage?.keyCertSign === false) {
    findings.push(fail("chain", `${name} may not sign certificates`, "issue it with keyUsage keyCertSign"));
  }
  if (moment < certificate.validFromDate || moment > certificate.validToDate) {
    findings.push(
      fail(
        "chain",
        `${name} is valid from ${isoSeconds(certificate.validFromDate)} to ${isoSeconds(certificate.validToDate)}`,
        "get its renewed certificate from the CA",
      ),
    );
  }
  if (WEAK_HASHES.has(signatureHash)) findings.push(checkHash("chain", signatureHash, name));
  return findings;
}

function checkHash(check: string, hash: string, what: string): Finding {
  if (!WEAK_HASHES.has(hash)) return ok(check, hash === "none" ? "ML-DSA" : hash);
  return fail(check, `${what} is signed with ${hash}`, "issue it anew with SHA-256 or stronger");
}

/** `CN=a\nO=b` on one line; certificates without a subject have none at all. */
function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}
