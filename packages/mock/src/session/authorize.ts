import { printable } from "../errors/printable.ts";
import { AWS_MESSAGE, denied, Refusal } from "../errors/refusal.ts";
import type { ReasonCode } from "../errors/refusal.ts";
import type { CreateSessionParameters } from "../request/parameters.ts";
import type { SignedRequest } from "../request/signed-request.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, parseArn, resourceArn } from "../state/resource-arn.ts";
import type { ResourceType } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { readCertificateBundle } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";
import { DerError } from "../trust/der.ts";
import { checkEndEntity } from "../trust/end-entity.ts";
import { notRevoked } from "../trust/revocation.ts";
import { validatePath } from "../trust/validate-path.ts";
import type { CertificationPath } from "../trust/validate-path.ts";
import { callAws, unableToAssume } from "./assume.ts";
import type { AllowedSession } from "./assume.ts";
import type { AwsPort, Role } from "./aws.ts";
import {
  failedAttributesSentence,
  isSourceIdentity,
  mapAttributes,
  sessionNameOf,
  sourceIdentityOf,
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
}

/** The trust anchor of a call, and the path from the end-entity certificate up to it. */
export interface TrustedCertificate {
  readonly trustAnchor: TrustAnchorRecord;
  readonly path: CertificationPath;
}

/**
 * Finds the trust anchor that the request names, and the path from the end-entity certificate to it.
 *
 * @throws {Refusal} ACCOUNT_MISMATCH, REGION_MISMATCH, TRUST_ANCHOR_UNKNOWN, or a reason about certificates
 */
export function authorizeCertificate(
  state: State,
  { request: { certificate, chain }, parameters, now }: AuthenticatedCall,
): TrustedCertificate {
  const trustAnchor = findResource(
    state,
    state.trustAnchors,
    parameters.trustAnchorArn,
    "trust-anchor",
    "TRUST_ANCHOR_UNKNOWN",
  );
  checkEndEntity(certificate);
  const crls = [...state.crls.values()].filter(
    ({ enabled, trustAnchorArn }) => enabled && trustAnchorArn === trustAnchor.trustAnchorArn,
  );
  const path = validatePath(certificate, chain, anchorsOf(trustAnchor), now, [notRevoked(crls)]);
  return { trustAnchor, path };
}

/**
 * Decides on the session: trust anchor, profile and role agree, and the role's trust policy lets the service assume it.
 *
 * @throws {Refusal} a reason about resources or about the session
 */
export async function authorizeSession(
  { aws, state, strictAttributeMapping }: AuthorizationContext,
  trustAnchor: TrustAnchorRecord,
  { request, parameters, now }: AuthenticatedCall,
): Promise<AllowedSession> {
  const { certificate } = request;
  const { roleArn } = parameters;
  checkTrustAnchorEnabled(trustAnchor);
  const profile = findResource(state, state.profiles, parameters.profileArn, "profile", "PROFILE_UNKNOWN");
  checkProfile(profile, roleArn, state.accountId);
  const { acceptRoleSessionName, managedPolicyArns, sessionPolicy } = profile;
  const roleSessionName = sessionNameOf(certificate, parameters.roleSessionName, acceptRoleSessionName);
  const durationSeconds = Math.min(
    profile.durationSeconds,
    parameters.durationSeconds ?? profile.durationSeconds,
  );
  const attributes = mapAttributes(certificate, profile.attributeMappings);
  if (strictAttributeMapping && failedAttributesSentence(attributes) !== "") {
    throw unableToAssume("ATTRIBUTE_MAPPING_FAILED", roleArn, attributes, {
      expected:
        "certificate values of letters, digits, spaces and _ . : / = + - @, up to 256, to become session tags",
      received: printable(unmappedAttributes(attributes).join(", ")),
      remedy:
        "delete that mapping from the profile (delete-attribute-mapping), or issue the certificate with such values",
    });
  }
  const sourceIdentity = sourceIdentityOf(certificate);
  if (!isSourceIdentity(sourceIdentity)) {
    throw unableToAssume("SOURCE_IDENTITY_INVALID", roleArn, attributes, {
      expected: "a source identity of 2 to 64 letters, digits, spaces and _ . : / = + - @",
      received: printable(sourceIdentity, 200),
      remedy: "issue the certificate with a common name of such characters, or with none",
    });
  }
  const role = await callAws(roleArn, attributes, aws.getRole(roleArn));
  if (role?.roleArn !== roleArn) {
    throw unableToAssume("ROLE_UNKNOWN", roleArn, attributes, {
      expected: "a role that exists, named with its path",
      received: role === undefined ? `IAM knows no ${roleArn}` : `IAM has it as ${role.roleArn}`,
      remedy: "create the role, or correct the ARN in the profile and in the request",
    });
  }
  checkTrustPolicy(
    role.trustPolicy,
    {
      // The resource's ARN, also when the request names an alias.
      trustAnchorArn: trustAnchor.trustAnchorArn,
      trustAnchorAccount: state.accountId,
      sessionName: roleSessionName,
      sourceIdentity,
      tags: attributes.tags,
      now,
      secure: request.secure,
      region: state.region,
      sourceIp: request.sourceIp,
      userAgent: request.userAgent,
    },
    (reason, explanation) => unableToAssume(reason, roleArn, attributes, explanation),
  );
  checkDuration(role, durationSeconds);
  return {
    attributes,
    request: {
      roleArn,
      roleSessionName,
      durationSeconds,
      sourceIdentity,
      tags: attributes.tags,
      managedPolicyArns,
      sessionPolicy,
    },
  };
}

function checkTrustAnchorEnabled({ enabled, trustAnchorArn, trustAnchorId }: TrustAnchorRecord): void {
  if (enabled) return;
  throw denied("TRUST_ANCHOR_DISABLED", "Trust anchor is disabled", {
    expected: "an enabled trust anchor",
    received: `${trustAnchorArn} is disabled`,
    remedy: `aws rolesanywhere enable-trust-anchor --trust-anchor-id ${trustAnchorId}`,
  });
}

/** The profile must be enabled and name the role, and the role must be of the same account. */
function checkProfile(profile: ProfileRecord, roleArn: string, accountId: string): void {
  if (!profile.enabled) {
    throw denied("PROFILE_DISABLED", "Profile is disabled", {
      expected: "an enabled profile",
      received: `${profile.profileArn} is disabled`,
      remedy: `aws rolesanywhere enable-profile --profile-id ${profile.profileId}`,
    });
  }
  if (!profile.roleArns.includes(roleArn)) {
    throw denied("ROLE_NOT_IN_PROFILE", `Role ${roleArn} is not in the profile`, {
      expected: `one of the profile's roles: ${profile.roleArns.join(", ") || "(none)"}`,
      received: roleArn,
      remedy: "add the role to the profile with update-profile --role-arns, or ask for one that it has",
    });
  }
  if (parseArn(roleArn)?.account !== accountId) {
    throw denied("ACCOUNT_MISMATCH", AWS_MESSAGE.unableToAssume(roleArn), {
      expected: `a role of account ${accountId}, where trust anchor and profile are`,
      received: roleArn,
      remedy: "assume a role of the same account first, and the other one from there",
    });
  }
}

function checkDuration({ roleArn, maxSessionDurationSeconds }: Role, durationSeconds: number): void {
  if (durationSeconds <= maxSessionDurationSeconds) return;
  throw denied("MAX_SESSION_DURATION_EXCEEDED", AWS_MESSAGE.durationExceedsRole(roleArn), {
    expected: `at most ${maxSessionDurationSeconds} seconds, the role's MaxSessionDuration`,
    received: `${durationSeconds} seconds, the smaller of the profile's and the request's duration`,
    remedy: "ask for less, or raise the role's MaxSessionDuration",
  });
}

function anchorsOf({ trustAnchorArn, source }: TrustAnchorRecord): readonly Certificate[] {
  const pem = source.sourceData.x509CertificateData;
  try {
    if (pem !== undefined) return readCertificateBundle(pem);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  throw denied("TRUST_ANCHOR_UNSUPPORTED", AWS_MESSAGE.untrusted, {
    expected: "a trust anchor with a readable PEM bundle (CERTIFICATE_BUNDLE)",
    received: `${trustAnchorArn} of type ${source.sourceType}`,
    remedy: "update the trust anchor with the CA's certificate; a private CA service is not emulated",
  });
}

/** The resource that the request names by its ARN or by that of its alias. */
function findResource<Record extends { aliasName?: string | undefined }>(
  state: State,
  records: ReadonlyMap<string, Record>,
  arnText: string,
  resourceType: ResourceType,
  unknown: ReasonCode,
): Record {
  const found = findByArnOrAlias(state, resourceType, records, arnText);
  if (found !== undefined) return found;
  const arn = parseArn(arnText);
  const [reason, remedy]: [ReasonCode, string] =
    arn?.account !== state.accountId
      ? ["ACCOUNT_MISMATCH", "name a resource of the mock's account, or start the mock with --account"]
      : arn.region !== state.region || arn.partition !== state.partition
        ? ["REGION_MISMATCH", "name a resource of the mock's region, or start the mock with --region"]
        : [unknown, "create it first, or correct the ARN; state lives in memory only"];
  throw new Refusal(reason, "ResourceNotFoundException", `Resource not found: ${arnText}`, {
    expected: `${resourceArn(state, resourceType, "…")}, or ${aliasArn(state, resourceType, "…")}`,
    received: arnText,
    remedy,
  });
}
