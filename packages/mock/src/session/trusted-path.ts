import { denied } from "../errors/refusal.ts";
import type { TrustAnchorRecord } from "../state/records.ts";
import type { State } from "../state/state.ts";
import { type Certificate } from "../trust/certificate.ts";
import { DerError } from "../trust/der.ts";
import { checkEndEntity } from "../trust/end-entity.ts";
import { trustAnchorCertificates } from "../trust/trust-anchor-certificates.ts";
import { notRevoked } from "../trust/revocation.ts";
import { type CertificationPath, validatePath } from "../trust/validate-path.ts";

/**
 * Checks the end-entity certificate and finds its path to the trust anchor.
 *
 * @throws {Refusal} one of the reasons about certificates
 */
export function findTrustedPath(
  state: State,
  trustAnchor: TrustAnchorRecord,
  certificate: Certificate,
  chain: readonly Certificate[],
  now: Date,
): CertificationPath {
  checkEndEntity(certificate);
  const crls = [...state.crls.values()].filter(
    ({ enabled, trustAnchorArn }) => enabled && trustAnchorArn === trustAnchor.trustAnchorArn,
  );
  return validatePath(certificate, chain, anchorsOf(trustAnchor), now, [notRevoked(crls)]);
}

function anchorsOf({ trustAnchorArn, source }: TrustAnchorRecord): readonly Certificate[] {
  const pem = source.sourceData.x509CertificateData;
  try {
    if (pem !== undefined) return trustAnchorCertificates(pem);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  throw denied("TRUST_ANCHOR_UNSUPPORTED", "Untrusted Signing Certificate", {
    expected: "a trust anchor with a readable PEM bundle (CERTIFICATE_BUNDLE)",
    received: `${trustAnchorArn} of type ${source.sourceType}`,
    remedy: "update the trust anchor with the CA's certificate; a private CA service is not emulated",
  });
}
