import { Grant } from "aws-cdk-lib/aws-iam";
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import { CfnCRL } from "aws-cdk-lib/aws-rolesanywhere";
import { Resource, Token } from "aws-cdk-lib/core";
import type { IResource } from "aws-cdk-lib/core";
import type { Construct, IConstruct } from "constructs";
import { InfraError } from "../errors.ts";
import { required, resourceName } from "./checks.ts";
import { defaultName } from "./trust-anchor.ts";
import type { ITrustAnchor } from "./trust-anchor.ts";

/** A trust anchor has at most this many lists. */
const MAXIMUM_LISTS = 2;

/** The service takes this many bytes of a list at most. */
const MAXIMUM_BYTES = 300_000;

const PEM_BLOCK = /-----BEGIN ([^\r\n-]+)-----[A-Za-z\d+/=\s]+-----END \1-----/g;

/** A certificate revocation list of this app, or one that exists already. */
export interface ICertificateRevocationList extends IResource {
  /**
   * Id (a UUID) of the list, for the `aws rolesanywhere` commands.
   *
   * @attribute
   */
  readonly crlId: string;

  /** ARN of the list. */
  readonly crlArn: string;

  /**
   * Lets a principal call operations of Roles Anywhere on this list.
   *
   * @example
   * crl.grant(revokerRole, "rolesanywhere:UpdateCrl");
   */
  grant(grantee: IGrantable, ...actions: string[]): Grant;

  /** Lets a principal read the list and replace it by a newer one. */
  grantUpdate(grantee: IGrantable): Grant;
}

/** Properties of {@link CertificateRevocationList}. */
export interface CertificateRevocationListProps {
  /** The trust anchor of the CA that signed the list. A trust anchor has at most two lists. */
  readonly trustAnchor: Pick<ITrustAnchor, "trustAnchorArn">;

  /**
   * The list in PEM, at most 300,000 bytes; text outside the block is dropped. Changing it updates the list in place.
   */
  readonly crlPem: string;

  /**
   * Name shown in the console: 1 to 255 letters, digits, spaces, `-` and `_`.
   *
   * @default - a name made of the construct's path
   */
  readonly crlName?: string | undefined;

  /**
   * Whether the service refuses the certificates of the list.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;
}

abstract class CertificateRevocationListBase extends Resource implements ICertificateRevocationList {
  abstract readonly crlId: string;

  get crlArn(): string {
    return this.stack.formatArn({
      service: "rolesanywhere",
      resource: "crl",
      resourceName: this.crlId,
      account: this.env.account,
      region: this.env.region,
    });
  }

  grant(grantee: IGrantable, ...actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.crlArn] });
  }

  grantUpdate(grantee: IGrantable): Grant {
    return this.grant(grantee, "rolesanywhere:GetCrl", "rolesanywhere:UpdateCrl");
  }
}

/**
 * The certificates that a CA has revoked. Roles Anywhere gives them no new sessions; sessions that it gave before live until
 * they expire: see {@link DenyOlderSessions}.
 *
 * @example
 * new CertificateRevocationList(this, "Revoked", { trustAnchor, crlPem: readFileSync("pki/rootCA.crl.pem", "utf8") });
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-crl.html
 */
export class CertificateRevocationList extends CertificateRevocationListBase {
  /** Refers to a list that exists already, in the account and region of the stack. */
  static fromCrlId(scope: Construct, id: string, crlId: string): ICertificateRevocationList {
    const given = required("crlId", crlId, "give the id of the list, a UUID");
    class Import extends CertificateRevocationListBase {
      readonly crlId = given;
    }
    return new Import(scope, id);
  }

  readonly crlId: string;

  /**
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the trust anchor or the list is missing, or the list is no single
   * `X509 CRL` block or too long, the trust anchor has two lists of this app already, or the name is one that the service
   * refuses
   */
  constructor(scope: Construct, id: string, props: CertificateRevocationListProps) {
    super(scope, id);
    const { trustAnchorArn } = required("trustAnchor", props?.trustAnchor, "give the trust anchor of the CA");
    countLists(this, trustAnchorArn);
    const crl = new CfnCRL(this, "Resource", {
      name: resourceName("crlName", props.crlName ?? defaultName(this)),
      // Without this the service imports a disabled list.
      enabled: props.enabled ?? true,
      crlData: checkedCrl(props.crlPem),
      trustAnchorArn,
    });
    this.crlId = crl.attrCrlId;
  }
}

/** The lists of each app, by the ARN of their trust anchor. */
const listsOfApps = new WeakMap<IConstruct, Map<string, readonly CertificateRevocationList[]>>();

function countLists(list: CertificateRevocationList, trustAnchorArn: string): void {
  const lists = listsOfApps.get(list.node.root) ?? new Map<string, readonly CertificateRevocationList[]>();
  const others = lists.get(trustAnchorArn) ?? [];
  if (others.length >= MAXIMUM_LISTS) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `The trust anchor of ${list.node.path} has ${others.map(({ node }) => node.path).join(" and ")} already; Roles Anywhere ` +
        `takes ${MAXIMUM_LISTS} lists for one trust anchor. Put what one CA has revoked into one list.`,
    );
  }
  listsOfApps.set(list.node.root, lists.set(trustAnchorArn, [...others, list]));
}

function checkedCrl(pem: string): string {
  const text = required("crlPem", pem, "give the text of the CRL file, from -----BEGIN X509 CRL----- on");
  if (Token.isUnresolved(text)) return text;
  const [block, ...others] = [...text.matchAll(PEM_BLOCK)];
  if (block?.[1] !== "X509 CRL" || others.length > 0) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      "crlPem is not one X509 CRL block in PEM; convert a DER file with: openssl crl -inform DER -in list.crl -out list.pem",
    );
  }
  const crl = `${block[0]}\n`;
  if (crl.length > MAXIMUM_BYTES) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `crlPem has ${crl.length} bytes; Roles Anywhere takes ${MAXIMUM_BYTES} at most.`,
    );
  }
  return crl;
}
