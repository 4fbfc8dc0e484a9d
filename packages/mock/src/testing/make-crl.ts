import { bits, integer, octets, oid, sequence, time, tlv } from "./der-writer.ts";
import { extension, type Issued, name, pemOf, signatureAlgorithm, signDer } from "./make-certificate.ts";
import type { CrlRecord } from "../state/records.ts";
import { NOW, TRUST_ANCHOR_ARN } from "./world.ts";

export interface CrlSpec {
  revoked?: readonly bigint[];
  /** Whose key signs; the issuer's own by default. */
  signer?: Issued;
  thisUpdate?: Date;
  nextUpdate?: Date;
  authorityKeyIdentifier?: string | null;
}

/** A CRL of this CA, as PEM bytes. */
export function makeCrl(issuer: Issued, spec: CrlSpec = {}): Uint8Array {
  const signer = spec.signer ?? issuer;
  const algorithm = signatureAlgorithm(signer.keys.privateKey, "sha256");
  const { revoked = [], authorityKeyIdentifier = issuer.keyIdentifier } = spec;
  const tbs = sequence(
    integer(1),
    algorithm,
    name(issuer.subject),
    time(spec.thisUpdate ?? new Date("2026-06-01T00:00:00Z")),
    time(spec.nextUpdate ?? new Date("2026-07-01T00:00:00Z")),
    ...(revoked.length === 0
      ? []
      : [
          sequence(
            ...revoked.map((serial) => sequence(integer(serial), time(new Date("2026-05-01T00:00:00Z")))),
          ),
        ]),
    tlv(
      0xa0,
      sequence(
        ...(authorityKeyIdentifier === null
          ? []
          : [extension("2.5.29.35", false, sequence(tlv(0x80, Buffer.from(authorityKeyIdentifier, "hex"))))]),
        sequence(oid("2.5.29.20"), octets(integer(1))),
      ),
    ),
  );
  const der = sequence(tbs, algorithm, bits(signDer(tbs, signer.keys.privateKey, "sha256")));
  return Buffer.from(pemOf(der, "X509 CRL"));
}

export function crlRecord(crlData: Uint8Array, changes: Partial<CrlRecord> = {}): CrlRecord {
  const crlId = changes.crlId ?? "33333333-3333-4333-8333-333333333333";
  return {
    crlId,
    crlArn: `arn:aws:rolesanywhere:us-east-1:123456789012:crl/${crlId}`,
    name: "crl",
    enabled: true,
    createdAt: NOW,
    updatedAt: NOW,
    tags: [],
    trustAnchorArn: TRUST_ANCHOR_ARN,
    crlData,
    ...changes,
  };
}
