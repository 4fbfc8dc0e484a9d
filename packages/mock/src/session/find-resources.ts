import { denied, type ReasonCode, Refusal } from "../errors/refusal.ts";
import type { CreateSessionParameters } from "../request/parameters.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, resourceArn, type ResourceType } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { parseArn } from "./arn.ts";

/**
 * The trust anchor that the request names by its ARN or by that of its alias.
 *
 * @throws {Refusal} ACCOUNT_MISMATCH, REGION_MISMATCH, TRUST_ANCHOR_UNKNOWN
 */
export function findTrustAnchor(
  state: State,
  { trustAnchorArn }: CreateSessionParameters,
): TrustAnchorRecord {
  return find(state, state.trustAnchors, trustAnchorArn, "trust-anchor", "TRUST_ANCHOR_UNKNOWN");
}

/**
 * The profile that the request names by its ARN or by that of its alias.
 *
 * @throws {Refusal} ACCOUNT_MISMATCH, REGION_MISMATCH, PROFILE_UNKNOWN
 */
export function findProfile(state: State, { profileArn }: CreateSessionParameters): ProfileRecord {
  return find(state, state.profiles, profileArn, "profile", "PROFILE_UNKNOWN");
}

/** @throws {Refusal} TRUST_ANCHOR_DISABLED */
export function checkTrustAnchorEnabled(trustAnchor: TrustAnchorRecord): void {
  if (trustAnchor.enabled) return;
  throw denied("TRUST_ANCHOR_DISABLED", "Trust anchor is disabled", {
    expected: "an enabled trust anchor",
    received: `${trustAnchor.trustAnchorArn} is disabled`,
    remedy: `aws rolesanywhere enable-trust-anchor --trust-anchor-id ${trustAnchor.trustAnchorId}`,
  });
}

/** @throws {Refusal} PROFILE_DISABLED */
export function checkProfileEnabled(profile: ProfileRecord): void {
  if (profile.enabled) return;
  throw denied("PROFILE_DISABLED", "Profile is disabled", {
    expected: "an enabled profile",
    received: `${profile.profileArn} is disabled`,
    remedy: `aws rolesanywhere enable-profile --profile-id ${profile.profileId}`,
  });
}

/** @throws {Refusal} ROLE_NOT_IN_PROFILE, ACCOUNT_MISMATCH */
export function checkRole(state: State, profile: ProfileRecord, roleArn: string): void {
  if (!profile.roleArns.includes(roleArn)) {
    throw denied("ROLE_NOT_IN_PROFILE", `Role ${roleArn} is not in the profile`, {
      expected: `one of the profile's roles: ${profile.roleArns.join(", ") || "(none)"}`,
      received: roleArn,
      remedy: "add the role to the profile with update-profile --role-arns, or ask for one that it has",
    });
  }
  const account = parseArn(roleArn)?.account;
  if (account !== state.accountId) {
    throw denied("ACCOUNT_MISMATCH", `Unable to assume role for ${roleArn}.`, {
      expected: `a role of account ${state.accountId}, where trust anchor and profile are`,
      received: roleArn,
      remedy: "assume a role of the same account first, and the other one from there",
    });
  }
}

function find<Record extends { aliasName?: string | undefined }>(
  state: State,
  records: ReadonlyMap<string, Record>,
  arnText: string,
  resourceType: ResourceType,
  unknown: ReasonCode,
): Record {
  const found = findByArnOrAlias(state, resourceType, records, arnText);
  if (found !== undefined) return found;
  const arn = parseArn(arnText);
  const refuse = (reason: ReasonCode, remedy: string): Refusal =>
    new Refusal(reason, "ResourceNotFoundException", `Resource not found: ${arnText}`, {
      expected: `${resourceArn(state, resourceType, "…")}, or ${aliasArn(state, resourceType, "…")}`,
      received: arnText,
      remedy,
    });
  if (arn?.account !== state.accountId) {
    throw refuse(
      "ACCOUNT_MISMATCH",
      "name a resource of the mock's account, or start the mock with --account",
    );
  }
  if (arn.region !== state.region || arn.partition !== state.partition) {
    throw refuse("REGION_MISMATCH", "name a resource of the mock's region, or start the mock with --region");
  }
  throw refuse(unknown, "create it first, or correct the ARN; state lives in memory only");
}
