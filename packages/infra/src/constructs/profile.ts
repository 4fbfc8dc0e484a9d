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

/** Most roles that the service takes in one profile. */
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
   * Longest life of a session, 900 to 43200 seconds; a request may ask for less. A role whose own maximum
   * session duration is shorter cannot be assumed through this profile: the service does not clamp.
   *
   * @default 3600
   */
  readonly durationSeconds?: number | undefined;

  /**
   * Whether new sessions can be asked for through this profile. Sessions already issued live on until they expire.
   *
   * @default true
   */
  readonly enabled?: boolean | undefined;
}

/**
 * The list of roles that a certificate can be traded for, and how long the credentials live.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rolesanywhere-profile.html
 */
export class Profile extends Construct {
  /** ARN of the profile, known to CloudFormation only at deployment. */
  readonly profileArn: string;

  /** Id (a UUID) of the profile, as the `aws rolesanywhere` commands want it. */
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
      // Left out, the service creates the profile disabled.
      enabled: props.enabled ?? true,
      roleArns: roles.map((role, index) => arnOfKind(`roles[${index}]`, role?.roleArn, "role")),
      durationSeconds: sessionDuration(props.durationSeconds ?? DEFAULT_SESSION_DURATION_SECONDS),
    });
    this.profileArn = profile.attrProfileArn;
    this.profileId = profile.attrProfileId;
  }
}
