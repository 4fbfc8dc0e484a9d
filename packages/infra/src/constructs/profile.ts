import { CfnRole, Grant } from "aws-cdk-lib/aws-iam";
import type { IGrantable, IManagedPolicy, IRole, PolicyDocument } from "aws-cdk-lib/aws-iam";
import { CfnProfile } from "aws-cdk-lib/aws-rolesanywhere";
import { ArnFormat, Lazy, Resource, Stack, Token } from "aws-cdk-lib/core";
import type { IResource } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";
import { readMappings } from "./attribute-mapping.ts";
import type { AttributeMapping } from "./attribute-mapping.ts";
import {
  arnOfKind,
  DEFAULT_SESSION_DURATION_SECONDS,
  listOf,
  required,
  resourceName,
  sessionDuration,
} from "./checks.ts";
import { defaultName } from "./trust-anchor.ts";

/** How many roles and managed policies the service takes in one profile at most. */
const MAXIMUM_ROLES = 250;
const MAXIMUM_MANAGED_POLICIES = 50;

/** The maximum session duration of a role that sets none, in seconds. */
const DEFAULT_ROLE_MAXIMUM_SECONDS = 3600;

/** A profile of this app, or one that exists already. */
export interface IProfile extends IResource {
  /**
   * ARN of the profile.
   *
   * @attribute
   */
  readonly profileArn: string;

  /**
   * Id (a UUID) of the profile, for the `aws rolesanywhere` commands.
   *
   * @attribute
   */
  readonly profileId: string;

  /**
   * Lets a principal call operations of Roles Anywhere on this profile.
   *
   * @example
   * profile.grant(onCallRole, "rolesanywhere:GetProfile", "rolesanywhere:DisableProfile");
   */
  grant(grantee: IGrantable, ...actions: string[]): Grant;
}

/** Properties of {@link Profile}, except for its roles. */
export interface ProfileOptions {
  /**
   * Name shown in the console: 1 to 255 letters, digits, spaces, `-` and `_`.
   *
   * @default - a name made of the construct's path
   */
  readonly profileName?: string | undefined;

  /**
   * Longest duration of a session, 900 to 43200 seconds; a request may ask for less. When the role's own maximum session
   * duration is shorter, the service refuses the session; it does not shorten the duration.
   *
   * @default 3600
   */
  readonly durationSeconds?: number | undefined;

  /**
   * Whether this profile gives new sessions. Existing sessions remain valid until they expire.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;

  /**
   * What sessions may do at most, whatever their role allows.
   *
   * @default - what the role allows
   */
  readonly sessionPolicy?: PolicyDocument | undefined;

  /**
   * Managed policies that limit sessions as `sessionPolicy` does, at most 50. STS itself takes ten with a session.
   *
   * @default - none
   */
  readonly managedPolicies?: readonly IManagedPolicy[] | undefined;

  /**
   * Which parts of the certificate become session tags. A certificate field that is not named here keeps its default.
   *
   * @default - subject and issuer: all; subject alternative name: DNS, URI and all of the directory name
   */
  readonly attributeMappings?: readonly AttributeMapping[] | undefined;

  /**
   * Whether a request may choose the session name. By default it is the serial number of the certificate.
   *
   * @default false
   */
  readonly acceptRoleSessionName?: boolean | undefined;
}

/** Properties of {@link Profile}. */
export interface ProfileProps extends ProfileOptions {
  /** The roles that a session can be asked for through this profile, 1 to 250. */
  readonly roles: readonly IRole[];
}

abstract class ProfileBase extends Resource implements IProfile {
  abstract readonly profileArn: string;
  abstract readonly profileId: string;

  grant(grantee: IGrantable, ...actions: string[]): Grant {
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.profileArn] });
  }
}

/**
 * A profile of Roles Anywhere: the roles for which a certificate can get credentials, and how long these are valid.
 *
 * @example
 * new Profile(this, "Profile", { roles: [role], durationSeconds: 3600 });
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-profile.html
 */
export class Profile extends ProfileBase {
  /**
   * Refers to a profile that exists already.
   *
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is missing or no ARN of a profile
   */
  static fromProfileArn(scope: Construct, id: string, profileArn: string): IProfile {
    const arn = arnOfKind("profileArn", profileArn, "profile");
    class Import extends ProfileBase {
      readonly profileArn = arn;
      readonly profileId = Stack.of(scope).splitArn(arn, ArnFormat.SLASH_RESOURCE_NAME).resourceName ?? "";
    }
    return new Import(scope, id, { environmentFromArn: arn });
  }

  readonly profileArn: string;
  readonly profileId: string;

  readonly #durationSeconds: number;
  readonly #roleArns: string[] = [];
  readonly #managedPolicyArns: string[] = [];

  /**
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the roles are missing, a role or an option is not one that the
   * service accepts, or a role's maximum session duration is shorter than `durationSeconds`
   */
  constructor(scope: Construct, id: string, props: ProfileProps) {
    super(scope, id);
    const roles = listOf("roles", props?.roles, MAXIMUM_ROLES);
    this.#durationSeconds = sessionDuration(props.durationSeconds ?? DEFAULT_SESSION_DURATION_SECONDS);
    for (const role of roles) this.addRole(role);
    for (const policy of optionalList("managedPolicies", props.managedPolicies) ?? [])
      this.addManagedPolicy(policy);
    const profile = new CfnProfile(this, "Resource", {
      name: resourceName("profileName", props.profileName ?? defaultName(this)),
      // Without this the service creates a disabled profile.
      enabled: props.enabled ?? true,
      roleArns: Lazy.list({ produce: () => this.#roleArns }),
      managedPolicyArns: Lazy.list({ produce: () => this.#managedPolicyArns }, { omitEmpty: true }),
      sessionPolicy: this.sessionPolicy(props.sessionPolicy),
      durationSeconds: this.#durationSeconds,
      attributeMappings: readMappings(props.attributeMappings),
      acceptRoleSessionName: props.acceptRoleSessionName,
    });
    this.profileArn = profile.attrProfileArn;
    this.profileId = profile.attrProfileId;
  }

  /**
   * Adds a role that a session can be asked for.
   *
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the profile has 250 roles already, or the role's maximum session
   * duration is shorter than the profile's
   */
  addRole(role: IRole): void {
    const index = this.#roleArns.length;
    const arn = arnOfKind(`roles[${index}]`, role?.roleArn, "role");
    if (index >= MAXIMUM_ROLES) throw tooMany("roles", MAXIMUM_ROLES);
    requireLongEnough(role, this.#durationSeconds);
    this.#roleArns.push(arn);
  }

  /**
   * Adds a managed policy that limits the sessions.
   *
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the profile has 50 already
   */
  addManagedPolicy(policy: IManagedPolicy): void {
    const index = this.#managedPolicyArns.length;
    const { managedPolicyArn } = required(`managedPolicies[${index}]`, policy, "give a managed policy");
    if (index >= MAXIMUM_MANAGED_POLICIES) throw tooMany("managedPolicies", MAXIMUM_MANAGED_POLICIES);
    this.#managedPolicyArns.push(managedPolicyArn);
  }

  /** The session policy as JSON text. CloudFormation fills in what only it knows. */
  private sessionPolicy(document: PolicyDocument | undefined): string | undefined {
    if (document === undefined) return undefined;
    this.node.addValidation({
      validate: () =>
        // The CDK drops a document without statements, and sessions would not be limited at all.
        document.isEmpty
          ? ["sessionPolicy has no statement; add one, or leave it out."]
          : document.validateForIdentityPolicy(),
    });
    return Stack.of(this).toJsonString(document);
  }
}

function tooMany(property: string, maximum: number): InfraError {
  return new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} has more than ${maximum} entries; make another profile.`,
  );
}

/** A role of this app tells its maximum session duration. That of an imported role is not known. */
function requireLongEnough(role: IRole, durationSeconds: number): void {
  const resource = role.node.defaultChild;
  if (!(resource instanceof CfnRole) || Token.isUnresolved(durationSeconds)) return;
  const maximum = resource.maxSessionDuration ?? DEFAULT_ROLE_MAXIMUM_SECONDS;
  if (Token.isUnresolved(maximum) || maximum >= durationSeconds) return;
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `The profile's sessions last ${durationSeconds} seconds, but the role ${role.node.path} allows ${maximum}, so that the ` +
      `service would refuse every session; give the role maxSessionDuration: Duration.seconds(${durationSeconds}).`,
  );
}
