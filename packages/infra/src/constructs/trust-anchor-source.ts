import type { ICertificateAuthority } from "aws-cdk-lib/aws-acmpca";
import { Token } from "aws-cdk-lib/core";
import { readCaBundle } from "../certificates/ca-bundle.ts";
import { arnOfKind, required } from "./checks.ts";

/**
 * Where a trust anchor takes its CA from: certificates in PEM, or a CA of AWS Private CA.
 *
 * @example
 * new TrustAnchor(this, "TrustAnchor", { source: TrustAnchorSource.fromPem(readFileSync("pki/rootCA.pem", "utf8")) });
 */
export class TrustAnchorSource {
  /** The service's name for the kind of source. */
  readonly sourceType: "CERTIFICATE_BUNDLE" | "AWS_ACM_PCA";
  /** The CA certificates in PEM, of a source from PEM. */
  readonly x509CertificateData: string | undefined;
  /** ARN of the CA, of a source from AWS Private CA. */
  readonly acmPcaArn: string | undefined;

  private constructor(data: { x509CertificateData: string } | { acmPcaArn: string }) {
    this.sourceType = "acmPcaArn" in data ? "AWS_ACM_PCA" : "CERTIFICATE_BUNDLE";
    this.x509CertificateData = "acmPcaArn" in data ? undefined : data.x509CertificateData;
    this.acmPcaArn = "acmPcaArn" in data ? data.acmPcaArn : undefined;
  }

  /**
   * One CA certificate in PEM, or two while a CA is being replaced. Root or intermediate, but not of a public CA.
   * A text that only CloudFormation knows is not checked.
   *
   * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when the PEM is not one or two current CA certificates
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the PEM is missing
   */
  static fromPem(caCertificatePem: string): TrustAnchorSource {
    const pem = required(
      "caCertificatePem",
      caCertificatePem,
      "give the text of the CA certificate file, from -----BEGIN CERTIFICATE----- on",
    );
    return new TrustAnchorSource({
      x509CertificateData: Token.isUnresolved(pem) ? pem : readCaBundle(pem),
    });
  }

  /**
   * A CA of AWS Private CA, in the account and region of the trust anchor. The service reads its certificate and CRLs.
   *
   * @example
   * TrustAnchorSource.fromPrivateCa(CertificateAuthority.fromCertificateAuthorityArn(this, "Ca", "arn:aws:acm-pca:…"));
   *
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is missing, or its ARN is of another kind
   */
  static fromPrivateCa(certificateAuthority: ICertificateAuthority): TrustAnchorSource {
    return new TrustAnchorSource({
      acmPcaArn: arnOfKind(
        "certificateAuthorityArn",
        certificateAuthority?.certificateAuthorityArn,
        "certificateAuthority",
      ),
    });
  }
}
