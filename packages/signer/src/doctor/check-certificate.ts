import { X509Certificate } from "node:crypto";

import { isoSeconds } from "../keys/identity.ts";
import { certificateFacts } from "./certificate-facts.ts";
import type { CertificateFacts, NameValue } from "./certificate-facts.ts";
import { fail, judge, ok, warn } from "./finding.ts";
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
  const facts = certificateFacts(x509);
  const { version, isCa, keyUsage, signatureHash: hash } = facts;
  const maySign = keyUsage?.digitalSignature === true;
  const missing = keyUsage === undefined ? "the extension is missing" : "digitalSignature is missing";
  const subject = oneLine(x509.subject);
  return [
    judge("certificate version", version === 3, `X.509 v${version}`),
    judge("basic constraints", !isCa, isCa ? "the certificate is a CA's" : "not a CA"),
    judge("key usage", maySign, maySign ? "digitalSignature" : missing),
    checkExtendedKeyUsage(x509),
    WEAK_HASHES.has(hash)
      ? fail("signature hash", `the certificate is signed with ${hash}`)
      : ok("signature hash", hash === "none" ? "ML-DSA" : hash),
    judge("subject", subject !== "", subject || "the subject is empty"),
    ...checkNames(facts),
  ];
}

/** AWS does not document what it does with an extension without clientAuth; users report that it refuses the session. */
function checkExtendedKeyUsage(x509: X509Certificate): Finding {
  const check = "extended key usage";
  // Undefined for a certificate without the extension, whatever the types say.
  const purposes: readonly string[] | undefined = x509.keyUsage;
  if (purposes === undefined) return ok(check, "not restricted");
  if (purposes.includes(OID_CLIENT_AUTH)) return ok(check, "clientAuth");
  return purposes.includes(OID_ANY_EXTENDED_KEY_USAGE)
    ? ok(check, "any")
    : warn(check, "clientAuth is missing");
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
function* checkNames({ subject, issuer, dns, uri, directory }: CertificateFacts): Generator<Finding> {
  const commonName = subject.find(({ type }) => type === "CN")?.value ?? "";
  const identity = [...commonName].length <= 61 ? `CN=${commonName}` : commonName;
  const isIdentity = commonName === "" || SOURCE_IDENTITY.test(identity);
  if (!isIdentity) {
    const name = JSON.stringify(commonName);
    yield warn(
      "source identity",
      `the common name ${name} cannot be the source identity, and AWS refuses the session`,
      `issue a certificate whose common name has ${ALLOWED}, 64 at most`,
    );
  }
  const fields = [
    ["x509Subject", "*", joined(subject, "of the subject").filter(({ type }) => type !== "CN" || isIdentity)],
    ["x509Issuer", "*", joined(issuer, "of the issuer")],
    ["x509SAN", "DNS", dns.map((value) => ({ what: "DNS name", value }))],
    ["x509SAN", "URI", uri.map((value) => ({ what: "URI", value }))],
    ["x509SAN", "Name/*", joined(directory, "of the directory name")],
  ] as const;
  for (const [field, specifier, values] of fields) {
    for (const { what, value } of values.filter(({ value }) => !TAG_VALUE.test(value))) {
      const problem = "cannot become a session tag, and AWS may refuse the session";
      const command = `aws rolesanywhere delete-attribute-mapping --profile-id ID --certificate-field ${field} --specifiers '${specifier}'`;
      const remedy = `choose a name of ${ALLOWED}, or delete the profile's mapping: ${command}`;
      yield warn("session tags", `${what} ${JSON.stringify(value)} ${problem}`, remedy);
    }
  }
}

/** Relative names of one type become one value. */
function joined(names: readonly NameValue[], of: string): readonly (NameValue & { readonly what: string })[] {
  return [...Map.groupBy(names, ({ type }) => type)].map(([type, parts]) => {
    const value = parts.map((part) => part.value).join("/");
    return { type, what: `${type} ${of}`, value };
  });
}

/** Checks that the intermediates (DER, in the order in which they are sent) lead from the certificate to the trust anchor. */
export function checkChain(
  leaf: X509Certificate,
  intermediates: readonly Uint8Array[],
  moment: Date,
): readonly Finding[] {
  const chain = intermediates.map((der) => new X509Certificate(der));
  const path = pathFrom(leaf, chain);
  const issuer = oneLine((path.at(-1) ?? leaf).issuer);
  if (chain.length === 0) {
    return [ok("chain", `no intermediates: the trust anchor has to be "${issuer}"`)];
  }
  return [
    ...chain.flatMap((certificate) => [...checkIntermediate(certificate, moment)]),
    checkPath(leaf, chain, path) ??
      ok("chain", `${chain.length} in order; the trust anchor has to be "${issuer}"`),
  ];
}

/** Compares the intermediates with the path that they make up. Undefined when they are the path. */
function checkPath(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  path: readonly X509Certificate[],
): Finding | undefined {
  const stray = chain.find((certificate) => !path.includes(certificate));
  if (stray !== undefined) {
    return fail(
      "chain",
      `intermediate "${oneLine(stray.subject)}" is not on the path from the certificate, which was issued by "${oneLine(leaf.issuer)}"`,
      "keep the certificates between yours and the trust anchor, and only those",
    );
  }
  if (path.some((certificate, index) => certificate !== chain[index])) {
    const message = "the intermediates are complete, in another order than that of issue";
    return warn("chain", message, "put the issuer of your certificate first, then its issuer, and so on");
  }
  const root = path.at(-1);
  if (root === undefined || !isIssuedBy(root, root)) return undefined;
  return warn("chain", `"${oneLine(root.subject)}" is a root`, "leave the root out: the trust anchor has it");
}

/** The certificates of the path from the end-entity certificate, each the issuer of the one before. */
function pathFrom(leaf: X509Certificate, pool: readonly X509Certificate[]): readonly X509Certificate[] {
  const path: X509Certificate[] = [];
  for (;;) {
    const child = path.at(-1) ?? leaf;
    const issuer = pool.find((candidate) => !path.includes(candidate) && isIssuedBy(child, candidate));
    if (issuer === undefined) return path;
    path.push(issuer);
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && certificate.verify(issuer.publicKey);
}

function* checkIntermediate(certificate: X509Certificate, moment: Date): Generator<Finding> {
  const { subject, validFromDate: from, validToDate: to } = certificate;
  const { isCa, keyUsage, signatureHash } = certificateFacts(certificate);
  const name = `intermediate "${oneLine(subject)}"`;
  if (!isCa) yield fail("chain", `${name} is not a CA`, "give the certificates of the CAs only");
  if (keyUsage?.keyCertSign === false) {
    yield fail("chain", `${name} may not sign certificates`, "issue it with keyUsage keyCertSign");
  }
  if (moment < from || moment > to) {
    const message = `${name} is valid from ${isoSeconds(from)} to ${isoSeconds(to)}`;
    yield fail("chain", message, "get its renewed certificate from the CA");
  }
  if (WEAK_HASHES.has(signatureHash)) {
    yield fail("chain", `${name} is signed with ${signatureHash}`, "issue it anew with SHA-256 or stronger");
  }
}

/** `CN=a\nO=b` on one line; certificates without a subject have none at all. */
function oneLine(name: string | undefined): string {
  return (name ?? "").replaceAll("\n", ", ");
}
