import type { IGrantable, IManagedPolicy, IPrincipal } from "aws-cdk-lib/aws-iam";
import { CfnOutput, Duration, Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import { ATTRIBUTE_NAMES, SESSION_TAGS } from "./certificate-conditions.ts";
import { DEFAULT_SESSION_DURATION_SECONDS, sessionDuration } from "./checks.ts";
import { Profile } from "./profile.ts";
import type { ProfileOptions } from "./profile.ts";
import type { RolesAnywherePrincipalOptions } from "./roles-anywhere-principal.ts";
import { RolesAnywhereRole } from "./roles-anywhere-role.ts";
import type { ITrustAnchor } from "./trust-anchor.ts";

/** Properties of {@link ExternalServer}. */
export interface ExternalServerProps extends RolesAnywherePrincipalOptions, ProfileOptions {
  readonly trustAnchor: ITrustAnchor;

  /**
   * Name in the outputs, and for `ra-signer configure --server`: a letter, then letters and digits.
   *
   * @default - the construct's id
   */
  readonly serverName?: string | undefined;

  /**
   * Whether the stack gets the outputs `<serverName>TrustAnchorArn`, `<serverName>ProfileArn` and `<serverName>RoleArn`.
   * A stack has at most 200 outputs.
   *
   * @default true
   */
  readonly outputs?: boolean | undefined;

  /**
   * The permissions boundary of the role.
   *
   * @default - none
   */
  readonly permissionsBoundary?: IManagedPolicy | undefined;
}

/** An output's name is a logical id of CloudFormation: letters and digits. */
const SERVER_NAME = /^[A-Za-z][A-Za-z\d]{0,99}$/;

/**
 * One server outside AWS: the role that its certificate can assume, and the profile through which it does. Grants go to
 * the role.
 *
 * @example
 * const server = new ExternalServer(this, "A", { trustAnchor, commonNames: ["server-a"] });
 * bucket.grantReadWrite(server);
 * // On the server, with the file of `cdk deploy --outputs-file`:
 * // ra-signer configure --from-outputs cdk-outputs.json --server A …
 */
export class ExternalServer extends Construct implements IGrantable {
  /** The role of the server's sessions. */
  readonly role: RolesAnywhereRole;
  /** The profile through which the server asks for its role. */
  readonly profile: Profile;
  /** The role, so that `bucket.grantRead(server)` works. */
  readonly grantPrincipal: IPrincipal;

  /**
   * @throws {InfraError} ERR_INFRA_TRUST_OPEN when no certificate is named and `allowAnyCertificate` is not true
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when an option is one that AWS would refuse, with which no certificate
   * could get a session, or when another server of the stack has the same `serverName`
   */
  constructor(scope: Construct, id: string, props: ExternalServerProps) {
    super(scope, id);
    const durationSeconds = sessionDuration(props?.durationSeconds ?? DEFAULT_SESSION_DURATION_SECONDS);
    this.role = new RolesAnywhereRole(this, "Role", {
      ...trustOf(props),
      maxSessionDuration: roleMaximum(durationSeconds),
      permissionsBoundary: props?.permissionsBoundary,
    });
    this.grantPrincipal = this.role;
    this.profile = new Profile(this, "Profile", { ...profileOf(props), durationSeconds, roles: [this.role] });
    requireMapped(props);
    if (props.outputs ?? true) this.addOutputs(props.serverName ?? id, props.trustAnchor);
  }

  private addOutputs(serverName: string, trustAnchor: ITrustAnchor): void {
    if (!SERVER_NAME.test(serverName)) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `serverName is ${JSON.stringify(serverName)}, which cannot begin the name of an output; give serverName as a letter, ` +
          "then letters and digits, or outputs: false.",
      );
    }
    requireOwnName(this, serverName);
    const values = {
      TrustAnchorArn: trustAnchor.trustAnchorArn,
      ProfileArn: this.profile.profileArn,
      RoleArn: this.role.roleArn,
    };
    for (const [name, value] of Object.entries(values)) {
      // Without an id of its own the output's name would end in a hash of the path.
      new CfnOutput(this, name, { value }).overrideLogicalId(serverName + name);
    }
  }
}

/** The servers of each stack that have outputs, by name. */
const namedServers = new WeakMap<Stack, Map<string, ExternalServer>>();

function requireOwnName(server: ExternalServer, serverName: string): void {
  const stack = Stack.of(server);
  const servers = namedServers.get(stack) ?? new Map<string, ExternalServer>();
  const other = servers.get(serverName);
  if (other !== undefined) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `serverName is ${JSON.stringify(serverName)} of both ${other.node.path} and ${server.node.path}, so that their outputs ` +
        "would have the same names; give each server of a stack a serverName of its own, or outputs: false.",
    );
  }
  namedServers.set(stack, servers.set(serverName, server));
}

/** The role's own maximum must not be below the profile's duration, and IAM's lowest maximum is one hour. */
export function roleMaximum(durationSeconds: number): Duration {
  return Duration.seconds(Math.max(3600, durationSeconds));
}

function trustOf(props: ExternalServerProps): RolesAnywherePrincipalOptions {
  const { trustAnchor, allowAnyCertificate, conditions, ...rest } = props ?? {};
  const { commonNames, organizationalUnits, organizations, dnsNames, uris, issuerCommonNames } = rest;
  return {
    ...{ trustAnchor, allowAnyCertificate, conditions },
    ...{ commonNames, organizationalUnits, organizations, dnsNames, uris, issuerCommonNames },
  };
}

function profileOf(props: ExternalServerProps): ProfileOptions {
  const { profileName, enabled, sessionPolicy, managedPolicies, attributeMappings, acceptRoleSessionName } =
    props;
  return { profileName, enabled, sessionPolicy, managedPolicies, attributeMappings, acceptRoleSessionName };
}

/** The trust policy compares session tags, so the profile must make a tag of every attribute that is compared. */
function requireMapped(props: ExternalServerProps): void {
  for (const name of ATTRIBUTE_NAMES) {
    if (props[name] === undefined) continue;
    const { field, specifier } = SESSION_TAGS[name];
    const mapping = props.attributeMappings?.find(({ certificateField }) => certificateField === field);
    if (mapping === undefined || mapping.specifiers.some((given) => given === specifier || given === "*"))
      continue;
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `attributeMappings maps ${field} without ${specifier}, so that ${name} could never match; add the specifier ${specifier}.`,
    );
  }
}
