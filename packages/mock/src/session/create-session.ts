import type { SessionTrace } from "../audit/audit-record.ts";
import { AWS_MESSAGE, denied, type ReasonCode, Refusal } from "../errors/refusal.ts";
import type { MockContext } from "../context.ts";
import { type CreateSessionParameters, readParameters } from "../request/parameters.ts";
import { headerValues, type ReceivedRequest } from "../request/received-request.ts";
import type { ProfileRecord, TrustAnchorRecord } from "../state/records.ts";
import type { Certificate } from "../trust/certificate.ts";
import { parseArn, roleNameOf } from "./arn.ts";
import { authenticate } from "./authenticate.ts";
import { type AssumedRole, type AssumeRoleRequest, AwsPortError, type Role } from "./aws.ts";
import { type CreateSessionOutput, formatExpiration } from "./credential-set.ts";
import {
  checkProfileEnabled,
  checkRole,
  checkTrustAnchorEnabled,
  findProfile,
  findTrustAnchor,
} from "./find-resources.ts";
import { sessionNameOf } from "./session-name.ts";
import { failedAttributesSentence, mapAttributes, type MappedAttributes } from "./session-tags.ts";
import { isSourceIdentity, sourceIdentityOf } from "./source-identity.ts";
import { markFailed, recordSubject } from "./subjects.ts";
import { checkTrustPolicy } from "./trust-policy.ts";
import { findTrustedPath } from "./trusted-path.ts";

/**
 * CreateSession from the received bytes to the credential set: who signed, whether the certificate is trusted,
 * whether trust anchor, profile and role agree, and the session itself. AWS documents no order of checks; this is
 * the one that its user guide suggests.
 *
 * @param trace gets what becomes known, also when the call is refused
 * @throws {Refusal} when the service would refuse
 */
export async function createSession(
  context: MockContext,
  request: ReceivedRequest,
  trace: SessionTrace,
): Promise<CreateSessionOutput> {
  const { state } = context;
  const now = context.clock.now();
  const { certificate, chain, query } = authenticate(context, request, trace, now);
  const parameters = readParameters(query, request.body, context.minDurationSeconds);
  trace.parameters = parameters;
  const trustAnchor = findTrustAnchor(state, parameters);
  findTrustedPath(state, trustAnchor, certificate, chain, now);
  const { instanceProperties } = parameters;
  const subject = recordSubject(state, { certificate, seenAt: now, instanceProperties }, context.uuid);
  try {
    checkTrustAnchorEnabled(trustAnchor);
    const profile = findProfile(state, parameters);
    checkProfileEnabled(profile);
    checkRole(state, profile, parameters.roleArn);
    const session = await openSession(context, request, {
      certificate,
      parameters,
      trustAnchor,
      profile,
      now,
    });
    return { credentialSet: [session], subjectArn: subject.subjectArn };
  } catch (error) {
    markFailed(subject, now);
    throw error;
  }
}

interface SessionRequest {
  readonly certificate: Certificate;
  readonly parameters: CreateSessionParameters;
  readonly trustAnchor: TrustAnchorRecord;
  readonly profile: ProfileRecord;
  readonly now: Date;
}

type CredentialSet = CreateSessionOutput["credentialSet"][number];

async function openSession(
  context: MockContext,
  request: ReceivedRequest,
  { certificate, parameters, trustAnchor, profile, now }: SessionRequest,
): Promise<CredentialSet> {
  const { roleArn } = parameters;
  const roleSessionName = sessionNameOf(
    certificate,
    parameters.roleSessionName,
    profile.acceptRoleSessionName,
  );
  const durationSeconds = Math.min(
    profile.durationSeconds,
    parameters.durationSeconds ?? profile.durationSeconds,
  );
  const attributes = mapAttributes(certificate, profile.attributeMappings);
  const sourceIdentity = sourceIdentityOf(certificate);
  if (!isSourceIdentity(sourceIdentity)) {
    throw unableToAssume("SOURCE_IDENTITY_INVALID", roleArn, attributes, {
      expected: "a source identity of 2 to 64 letters, digits, spaces and _ . : / = + - @",
      received: sourceIdentity,
      remedy: "issue the certificate with a common name of such characters, or with none",
    });
  }
  const role = await readRole(context, roleArn, attributes);
  checkTrustPolicy(
    role.trustPolicy,
    {
      // That of the resource, also when the request names an alias.
      trustAnchorArn: trustAnchor.trustAnchorArn,
      trustAnchorAccount: context.state.accountId,
      sessionName: roleSessionName,
      sourceIdentity,
      tags: attributes.tags,
      now,
      secure: request.secure === true,
      region: context.state.region,
      sourceIp: request.sourceIp,
      userAgent: headerValues(request, "user-agent")[0],
    },
    (reason, explanation) => unableToAssume(reason, roleArn, attributes, explanation),
  );
  checkDuration(role, durationSeconds);
  const assumed = await assumeRole(context, attributes, {
    roleArn,
    roleSessionName,
    durationSeconds,
    sourceIdentity,
    tags: attributes.tags,
    managedPolicyArns: profile.managedPolicyArns,
    ...(profile.sessionPolicy === undefined ? {} : { sessionPolicy: profile.sessionPolicy }),
  });
  const { partition, accountId } = context.state;
  return {
    assumedRoleUser: {
      arn: `arn:${partition}:sts::${parseArn(roleArn)?.account ?? accountId}:assumed-role/${roleNameOf(roleArn)}/${roleSessionName}`,
      assumedRoleId: assumed.assumedRoleId,
    },
    credentials: {
      accessKeyId: assumed.accessKeyId,
      secretAccessKey: assumed.secretAccessKey,
      sessionToken: assumed.sessionToken,
      expiration: formatExpiration(new Date(now.getTime() + durationSeconds * 1000)),
    },
    packedPolicySize: assumed.packedPolicySize,
    roleArn,
    sourceIdentity,
  };
}

async function readRole(context: MockContext, roleArn: string, attributes: MappedAttributes): Promise<Role> {
  const role = await callAws(roleArn, attributes, context.aws.getRole(roleArn));
  if (role?.roleArn !== roleArn) {
    throw unableToAssume("ROLE_UNKNOWN", roleArn, attributes, {
      expected: "a role that exists, named with its path",
      received: role === undefined ? `IAM knows no ${roleArn}` : `IAM has it as ${role.roleArn}`,
      remedy: "create the role, or correct the ARN in the profile and in the request",
    });
  }
  return role;
}

function checkDuration({ roleArn, maxSessionDurationSeconds }: Role, durationSeconds: number): void {
  if (durationSeconds <= maxSessionDurationSeconds) return;
  throw denied("MAX_SESSION_DURATION_EXCEEDED", AWS_MESSAGE.durationExceedsRole(roleArn), {
    expected: `at most ${maxSessionDurationSeconds} seconds, the role's MaxSessionDuration`,
    received: `${durationSeconds} seconds, the smaller of the profile's and the request's duration`,
    remedy: "ask for less, or raise the role's MaxSessionDuration",
  });
}

async function assumeRole(
  context: MockContext,
  attributes: MappedAttributes,
  request: AssumeRoleRequest,
): Promise<AssumedRole> {
  return callAws(request.roleArn, attributes, context.aws.assumeRole(request));
}

async function callAws<Answer>(
  roleArn: string,
  attributes: MappedAttributes,
  call: Promise<Answer>,
): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AwsPortError)) throw error;
    if (error.kind === "refused") {
      throw unableToAssume("ASSUME_ROLE_REFUSED", roleArn, attributes, {
        expected: "STS to accept role, session policy and tags",
        received: error.message,
        remedy: "correct what STS names",
      });
    }
    throw new Refusal(
      "STS_UNAVAILABLE",
      "ServiceUnavailableException",
      "Service unavailable",
      {
        expected: "an answer from the STS and IAM endpoints",
        received: error.message,
        remedy: "start LocalStack, or correct --sts-endpoint and --iam-endpoint",
      },
      { cause: error },
    );
  }
}

function unableToAssume(
  reason: ReasonCode,
  roleArn: string,
  attributes: MappedAttributes,
  explanation: Refusal["explanation"],
): Refusal {
  return denied(
    reason,
    `${AWS_MESSAGE.unableToAssume(roleArn)}${failedAttributesSentence(attributes)}`,
    explanation,
  );
}
