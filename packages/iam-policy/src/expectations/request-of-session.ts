import type { ContextRecord, PolicyRequest } from "../request.ts";
import type { SessionTag } from "../roles-anywhere/session-attributes.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import type { RoleUnderTest } from "./role-under-test.ts";

/** The ARN of a resource of the template. Only {@link arnOf} makes one. */
export interface ResourceArn {
  readonly logicalId: string;
  readonly suffix: string;
}

/**
 * Names a resource by its logical id, because in a template its ARN is a token that only a deployment replaces.
 *
 * @param logicalId the hash that the CDK appends may be left out
 * @param suffix what follows the ARN
 * @example
 * arnOf("Bucket", "/reports/a.csv");
 */
export function arnOf(logicalId: string, suffix = ""): ResourceArn {
  return { logicalId, suffix };
}

/** The text of an ARN that a test gives. */
export function arnText(arn: string | ResourceArn, role: RoleUnderTest): string {
  return typeof arn === "string" ? arn : role.arnOf(arn.logicalId) + arn.suffix;
}

/** A session of a role. */
export interface SessionOfRole {
  readonly role: RoleUnderTest;
  readonly sessionName: string;
  readonly sourceIdentity?: string | undefined;
  readonly tags: readonly SessionTag[];
  /** When it was issued, and when it is used. */
  readonly now: Date;
}

/**
 * The request of a session, with the condition keys that every request has.
 *
 * @param context further condition keys; they replace those of the session
 * @throws {PolicyTestError} ERR_POLICY_TEST_ARGUMENT for wildcards, and for tokens of the CDK
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function requestOf(
  { role, sessionName, sourceIdentity, tags, now }: SessionOfRole,
  action: string,
  resource: string,
  context: ContextRecord,
): PolicyRequest {
  if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/u.test(action)) {
    throw wrong(
      `${JSON.stringify(action)} is not one action; give one such as s3:GetObject, without wildcards`,
    );
  }
  if (/\$\{Token\[/u.test(resource)) {
    throw wrong(`${resource} is a token of the CDK; name the resource: arnOf("<logical id>", "/key")`);
  }
  // A policy would take the star of a request for a character of the name: the test would prove less than it says.
  if (resource !== "*" && /[*?]/u.test(resource)) {
    throw wrong(`${resource} has a wildcard; give one resource as an example, such as …/a.csv`);
  }
  if (resource !== "*" && !/^arn:(?:[^:]*:){4}./u.test(resource)) {
    throw wrong(`${JSON.stringify(resource)} is no ARN; give one, arnOf("<logical id>"), or "*" for none`);
  }
  const { partition, account, region } = role.place;
  const roleName = role.arn.slice(role.arn.lastIndexOf("/") + 1);
  const time = `${now.toISOString().slice(0, 19)}Z`;
  const known: Record<string, string | undefined> = {
    "aws:PrincipalArn": role.arn,
    "aws:PrincipalAccount": account,
    "aws:PrincipalType": "AssumedRole",
    "aws:PrincipalIsAWSService": "false",
    "aws:ViaAWSService": "false",
    "aws:MultiFactorAuthPresent": "false",
    "aws:SourceIdentity": sourceIdentity,
    "aws:TokenIssueTime": time,
    "aws:CurrentTime": time,
    "aws:EpochTime": String(Math.floor(now.getTime() / 1000)),
    "aws:RequestedRegion": region,
    "aws:ResourceAccount": resource.split(":")[4] || account,
    "aws:SecureTransport": "true",
  };
  const tagged = withContext(principalTags(role.tags), principalTags(tags));
  return {
    action,
    resource: resource === "*" ? undefined : resource,
    principal: {
      type: "AWS",
      id: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`,
    },
    context: withContext({ ...known, ...tagged }, context),
  };
}

function principalTags(tags: readonly SessionTag[]): ContextRecord {
  return Object.fromEntries(tags.map(({ key, value }) => [`aws:PrincipalTag/${key}`, value]));
}

/** Condition keys, some of them replaced. Letter case does not count, and a key that is undefined is absent. */
export function withContext(base: ContextRecord, changes: ContextRecord): ContextRecord {
  const changed = new Set(Object.keys(changes).map((key) => key.toLowerCase()));
  const kept = Object.entries(base).filter(([key]) => !changed.has(key.toLowerCase()));
  return { ...Object.fromEntries(kept), ...changes };
}

function wrong(problem: string): PolicyTestError {
  return new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", "", problem);
}
