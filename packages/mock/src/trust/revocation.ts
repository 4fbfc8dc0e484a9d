import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { CrlRecord } from "../state/records.ts";
import type { Certificate } from "./certificate.ts";
import { type CertificateRevocationList, readRevocationLists } from "./certificate-revocation-list.ts";
import { DerError } from "./der.ts";
import { formatName } from "./distinguished-name.ts";
import type { CertificationPath, PathRule } from "./validate-path.ts";

/**
 * The rule that no certificate of a path may be on a CRL of the trust anchor. Lists of other issuers are passed over.
 * A list goes on blocking what it names after its `nextUpdate`, and then blocks nothing else: AWS documents neither.
 *
 * @param crls the enabled CRLs of the trust anchor
 */
export function notRevoked(crls: readonly CrlRecord[]): PathRule {
  return (path) => {
    for (const crl of crls) {
      for (const list of readLists(crl)) checkList(crl, list, path);
    }
  };
}

function checkList(crl: CrlRecord, list: CertificateRevocationList, path: CertificationPath): void {
  for (const [depth, certificate] of path.entries()) {
    // The trust anchor itself has no issuer in the path: it is trusted because it was configured.
    const issuer = path[depth + 1];
    if (issuer === undefined || !isAbout(list, issuer)) continue;
    if (issuer.publicKey === undefined || !list.isSignedBy(issuer.publicKey)) {
      throw invalid(crl, `a list with a signature that ${formatName(issuer.subject)} did not make`);
    }
    const revokedAt = list.revoked.get(certificate.serialNumber.toString());
    if (revokedAt === undefined) continue;
    throw denied("CRL_REVOKED", AWS_MESSAGE.untrusted, {
      expected: `certificates that are not on ${crl.crlArn}`,
      received: `${formatName(certificate.subject)}, serial number ${certificate.serialNumber}, revoked at ${revokedAt.toISOString()}`,
      remedy: "issue a new certificate; if it was revoked by mistake, import a CRL without it",
    });
  }
}

/** By name, and by key identifier where both sides have one: a CA may have renewed its key. */
function isAbout(list: CertificateRevocationList, issuer: Certificate): boolean {
  const wanted = list.authorityKeyIdentifier;
  const offered = issuer.extensions.subjectKeyIdentifier;
  return (
    list.issuer.comparisonKey === issuer.subject.comparisonKey &&
    (wanted === undefined || offered === undefined || wanted === offered)
  );
}

function readLists(crl: CrlRecord): readonly CertificateRevocationList[] {
  try {
    return readRevocationLists(crl.crlData);
  } catch (error) {
    if (error instanceof DerError) throw invalid(crl, error.message);
    throw error;
  }
}

/** A list that cannot be trusted refuses everyone: the other way round, spoiling it would lift the revocations. */
function invalid(crl: CrlRecord, received: string): Error {
  return denied("CRL_INVALID", AWS_MESSAGE.untrusted, {
    expected: `${crl.crlArn} to be a CRL signed by the CA that it names`,
    received,
    remedy: "update or disable that CRL",
  });
}
