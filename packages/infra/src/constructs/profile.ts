import type { IRole } from "aws-cdk-lib/aws-iam";
import { CfnProfile } from "aws-cdk-lib/aws-rolesanywhere";
import { Stack } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { InfraError } from "../errors.ts";
import {
  arnOfKind,
  DEFAULT_SESSION_DURATION_SECONDS,
  required,
  resourceName,
  sessionDuration,
} from "./checks.ts";

/** How many roles the service takes in one profile at most. */
const MAXIMUM_ROLES = 250;

/** Properties of {@link Profile}. */
export interface ProfileProps {
  /** The roles that a session can be asked for through this profile, 1 to 250. */
  readonly roles: readonly IRole[];

  /**
   * Name shown in the console: 1 to 255 letters, digits, spaces, `-` and `_`.
   *
   * @default - the name of the stack
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
}

/**
 * A profile of Roles Anywhere: the roles for which a certificate can get credentials, and how long these are valid.
 *
 * @example
 * new Profile(this, "Profile", { roles: [role], durationSeconds: 3600 });
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-profile.html
 */
export class Profile extends Construct {
  /** ARN of the profile, known to CloudFormation only at deployment. */
  readonly profileArn: string;

  /** Id (a UUID) of the profile, for the `aws rolesanywhere` commands. */
  readonly profileId: string;

  /**
   * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the roles are missing, or a role, the name or the duration is not
   * one that the service accepts
   */
  constructor(scope: Construct, id: string, props: ProfileProps) {
    super(scope, id);
    const roles = required("roles", props?.roles, "name the roles that a session can be asked for");
    if (roles.length === 0 || roles.length > MAXIMUM_ROLES) {
      throw new InfraError(
        "ERR_INFRA_OPTION_INVALID",
        `roles has ${roles.length} entries; a profile takes 1 to ${MAXIMUM_ROLES}.`,
      );
    }
    const profile = new CfnProfile(this, "Resource", {
      name: resourceName("profileName", props.profileName ?? Stack.of(this).stackName),
      // Without this the service creates a disabled profile.
      enabled: props.enabled ?? true,
      roleArns: roles.map((role, index) => arnOfKind(`roles[${index}]`, role?.roleArn, "role")),
      durationSeconds: sessionDuration(props.durationSeconds ?? DEFAULT_SESSION_DURATION_SECONDS),
    });
    this.profileArn = profile.attrProfileArn;
    this.profileId = profile.attrProfileId;
  }
}
