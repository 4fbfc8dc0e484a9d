import {
  SOURCE_IDENTITY,
  sourceIdentityOf,
  trustPolicyContext,
} from "@roles-anywhere/iam-policy/roles-anywhere";
import { printable } from "../errors/printable.ts";
import { Refusal, requireThat, unableToAssume } from "../errors/refusal.ts";
import type { ReasonCode } from "../errors/refusal.ts";
import type { CreateSessionParameters } from "../request/parameters.ts";
import type { SignedRequest } from "../request/signed-request.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, parseArn, resourceArn } from "../state/state.ts";
import type { ResourceType, State } from "../state/state.ts";
import { readCertificateBundle, serialHex } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";
import { attempt, DerError } from "../trust/der.ts";
import { checkEndEntity } from "../trust/end-entity.ts";
import { notRevoked } from "../trust/revocation.ts";
import { validatePath } from "../trust/validate-path.ts";
import type { CertificationPath } from "../trust/validate-path.ts";
import { callAws } from "./aws.ts";
import type { AssumeRoleRequest, AwsPort } from "./aws.ts";
import {
  attributesOf,
  failedAttributesSentence,
  sessionNameOf,
  unmappedAttributes,
} from "./session-attributes.ts";
import { checkTrustPolicy } from "./trust-policy.ts";

/** A request whose signature holds, its parameters, and the time at which it is judged. */
export interface AuthenticatedCall {
  readonly request: SignedRequest;
  readonly parameters: CreateSessionParameters;
  readonly now: Date;
}

/** The settings and data that decide on a session beside the call itself. */
export interface AuthorizationContext {
  /** The account and region, with its trust anchors, profiles, CRLs and subjects. */
  readonly state: State;
  /** Where roles are read and assumed. */
  readonly aws: AwsPort;
  /** Refuse certificates with values that cannot become session tags, as users of AWS have seen. @default false */
  readonly strictAttributeMapping: boolean;
  /** Makes sessions shorter than profile and request say, for the lab. */
  readonly sessionLimit: SessionLimit;
}

/** The longest session that is granted. It can be changed while the mock runs. */
export interface SessionLimit {
  /** In seconds. @default none beside those of profile and request */
  maximumSeconds?: number | undefined;
}

/** A session that all checks allow. */
export interface AllowedSession {
  readonly request: AssumeRoleRequest;
  /** The certificate values that were mapped but made no tag, for example `x509Subject/O` or `x509SAN/DNS/2`. */
  readonly unmapped: readonly string[];
  /** What the client is told when STS refuses. */
  readonly message: string;
}

/** Finds the trust anchor that the request names, and the path from the end-entity certificate to it. */
export function authorizeCertificate(
  state: State,
  { request: { certificate, chain }, parameters, now }: AuthenticatedCall,
): { trustAnchor: TrustAnchorRecord; path: CertificationPath } {
  const { trustAnchors } = state;
  const arn = parameters.trustAnchorArn;
  const trustAnchor = findResource(state, trustAnchors, arn, "trust-anchor", "TRUST_ANCHOR_UNKNOWN");
  checkEndEntity(certificate);
  const crls = [...state.crls.values()].filter(
    ({ enabled, trustAnchorArn }) => enabled && trustAnchorArn === trustAnchor.trustAnchorArn,
  );
  const path = validatePath(certificate, chain, anchorsOf(trustAnchor), now, [notRevoked(crls)]);
  return { trustAnchor, path };
}

/**
 * Decides on the session: trust anchor, profile and role agree, and the role's trust policy lets the service assume it.
 */
export async function authorizeSession(
  { aws, state, strictAttributeMapping, sessionLimit }: AuthorizationContext,
  trustAnchor: TrustAnchorRecord,
  { request: { certificate, secure, sourceIp, userAgent }, parameters, now }: AuthenticatedCall,
): Promise<AllowedSession> {
  const { roleArn } = parameters;
  const { trustAnchorArn, trustAnchorId, enabled } = trustAnchor;
  checkEnabled("Trust anchor", enabled, trustAnchorArn, trustAnchorId);
  const profile = findResource(state, state.profiles, parameters.profileArn, "profile", "PROFILE_UNKNOWN");
  checkProfile(profile, roleArn, state.accountId);
  const { acceptRoleSessionName, managedPolicyArns, sessionPolicy } = profile;
  const roleSessionName = sessionNameOf(certificate, parameters.roleSessionName, acceptRoleSessionName);
  const asked = Math.min(profile.durationSeconds, parameters.durationSeconds ?? Infinity);
  const durationSeconds = Math.min(asked, sessionLimit.maximumSeconds ?? Infinity);
  const { tags, failed } = attributesOf(certificate, profile.attributeMappings);
  const unmapped = unmappedAttributes(failed);
  const message = unableToAssume(roleArn) + (unmapped.length === 0 ? "" : failedAttributesSentence(failed));
  requireThat(!strictAttributeMapping || unmapped.length === 0, "ATTRIBUTE_MAPPING_FAILED", () => ({
    message,
    expected:
      "certificate values of letters, digits, spaces and _ . : / = + - @, up to 256, to become session tags",
    received: printable(unmapped.join(", ")),
  }));
  const sourceIdentity = sourceIdentityOf(certificate.subject.attributes, serialHex(certificate));
  requireThat(SOURCE_IDENTITY.test(sourceIdentity), "SOURCE_IDENTITY_INVALID", () => ({
    message,
    expected: "a source identity of 2 to 64 letters, digits, spaces and _ . : / = + - @",
    received: printable(sourceIdentity, 200),
  }));
  const role = await callAws(message, aws.getRole(roleArn));
  requireThat(role?.roleArn === roleArn, "ROLE_UNKNOWN", () => ({
    message,
    expected: "a role that exists, named with its path",
    received: role === undefined ? `IAM knows no ${roleArn}` : `IAM has it as ${role.roleArn}`,
  }));
  const context = trustPolicyContext({
    // The resource's ARN, also when the request names an alias.
    trustAnchorArn,
    trustAnchorAccount: state.accountId,
    sessionName: roleSessionName,
    sourceIdentity,
    tags,
    now,
    secure,
    region: state.region,
    sourceIp,
    userAgent,
  });
  checkTrustPolicy(role.trustPolicy, context, message);
  requireThat(durationSeconds <= role.maxSessionDurationSeconds, "MAX_SESSION_DURATION_EXCEEDED", () => ({
    message: `${unableToAssume(roleArn)} The requested DurationSeconds exceeds the MaxSessionDuration set for this role.`,
    expected: `at most ${role.maxSessionDurationSeconds} seconds, the role's MaxSessionDuration`,
    received: `${durationSeconds} seconds, the smaller of the profile's and the request's duration`,
  }));
  const session = { roleArn, roleSessionName, durationSeconds, sourceIdentity, tags };
  return { unmapped, message, request: { ...session, managedPolicyArns, sessionPolicy } };
}

function checkEnabled(label: "Trust anchor" | "Profile", enabled: boolean, arn: string, id: string): void {
  const name = label.toLowerCase();
  const option = name.replace(" ", "-");
  requireThat(enabled, label === "Profile" ? "PROFILE_DISABLED" : "TRUST_ANCHOR_DISABLED", () => ({
    message: `${label} is disabled`,
    expected: `an enabled ${name}`,
    received: `${arn} is disabled`,
    remedy: `aws rolesanywhere enable-${option} --${option}-id ${id}`,
  }));
}

/** The profile must be enabled and name the role, and the role must be of the same account. */
function checkProfile(profile: ProfileRecord, roleArn: string, accountId: string): void {
  checkEnabled("Profile", profile.enabled, profile.profileArn, profile.profileId);
  requireThat(profile.roleArns.includes(roleArn), "ROLE_NOT_IN_PROFILE", () => ({
    message: `Role ${roleArn} is not in the profile`,
    expected: `one of the profile's roles: ${profile.roleArns.join(", ") || "(none)"}`,
    received: roleArn,
  }));
  requireThat(parseArn(roleArn)?.account === accountId, "ACCOUNT_MISMATCH", () => ({
    message: unableToAssume(roleArn),
    expected: `a role of account ${accountId}, where trust anchor and profile are`,
    received: roleArn,
    remedy: "assume a role of the same account first, and the other one from there",
  }));
}

function anchorsOf({ trustAnchorArn, source }: TrustAnchorRecord): readonly Certificate[] {
  const certificates = attempt(() => readCertificateBundle(source.sourceData.x509CertificateData ?? ""));
  if (!(certificates instanceof DerError)) return certificates;
  throw new Refusal("TRUST_ANCHOR_UNSUPPORTED", {
    expected: "a trust anchor with a readable PEM bundle (CERTIFICATE_BUNDLE)",
    received: `${trustAnchorArn} of type ${source.sourceType}`,
  });
}

/** The resource that the request names by its ARN or by that of its alias. */
function findResource<Record extends { aliasName?: string | undefined }>(
  state: State,
  records: ReadonlyMap<string, Record>,
  arnText: string,
  type: ResourceType,
  unknown: ReasonCode,
): Record {
  const found = findByArnOrAlias(state, type, records, arnText);
  if (found !== undefined) return found;
  const arn = parseArn(arnText);
  const isHere = arn?.region === state.region && arn.partition === state.partition;
  const reason = arn?.account !== state.accountId ? "ACCOUNT_MISMATCH" : isHere ? unknown : "REGION_MISMATCH";
  throw new Refusal(reason, {
    type: "ResourceNotFoundException",
    message: `Resource not found: ${arnText}`,
    expected: `${resourceArn(state, type, "…")}, or ${aliasArn(state, type, "…")}`,
    received: arnText,
  });
}
