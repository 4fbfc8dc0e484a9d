import { Stack, Token } from "aws-cdk-lib/core";
import { CfnTrustAnchor } from "aws-cdk-lib/aws-rolesanywhere";
import { Construct } from "constructs";
import { readCaBundle } from "../certificates/ca-bundle.ts";
import { required, resourceName } from "./checks.ts";

/** Properties of {@link TrustAnchor}. */
export interface TrustAnchorProps {
  /**
   * One CA certificate in PEM, or two while a CA is being replaced. Root or intermediate, but not of a public CA.
   * Changing it updates the trust anchor in place: its ARN stays.
   */
  readonly caCertificatePem: string;

  /**
   * Name shown in the console: 1 to 255 letters, digits, spaces, `-` and `_`.
   *
   * @default - the name of the stack
   */
  readonly trustAnchorName?: string | undefined;

  /**
   * Whether certificates under this CA can get new sessions. Existing sessions remain valid until they expire.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;
}

/**
 * The CA that IAM Roles Anywhere trusts: certificates issued under it may ask for sessions in this account and region.
 *
 * @example
 * new TrustAnchor(this, "TrustAnchor", { caCertificatePem: readFileSync("pki/rootCA.pem", "utf8") });
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-trustanchor.html
 */
export class TrustAnchor extends Construct {
  /** ARN of the trust anchor, known to CloudFormation only at deployment. */
  readonly trustAnchorArn: string;

  /** Id (a UUID) of the trust anchor, for the `aws rolesanywhere` commands. */
  readonly trustAnchorId: string;

  /**
   * @throws {InfraError} ERR_INFRA_CA_CERTIFICATE_INVALID when the PEM is not one or two current CA certificates
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the PEM is missing, or the name is not one that the service accepts
   */
  constructor(scope: Construct, id: string, props: TrustAnchorProps) {
    super(scope, id);
    const caCertificatePem = required(
      "caCertificatePem",
      props?.caCertificatePem,
      "give the text of the CA certificate file, from -----BEGIN CERTIFICATE----- on",
    );
    const trustAnchor = new CfnTrustAnchor(this, "Resource", {
      name: resourceName("trustAnchorName", props.trustAnchorName ?? Stack.of(this).stackName),
      // Without this the service creates a disabled trust anchor.
      enabled: props.enabled ?? true,
      source: {
        sourceType: "CERTIFICATE_BUNDLE",
        sourceData: {
          x509CertificateData: Token.isUnresolved(caCertificatePem)
            ? caCertificatePem
            : readCaBundle(caCertificatePem),
        },
      },
    });
    this.trustAnchorArn = trustAnchor.attrTrustAnchorArn;
    this.trustAnchorId = trustAnchor.attrTrustAnchorId;
  }
}
