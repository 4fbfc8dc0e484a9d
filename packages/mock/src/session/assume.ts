import { printable } from "../errors/printable.ts";
import { AWS_MESSAGE, denied, Refusal } from "../errors/refusal.ts";
import type { Explanation, ReasonCode } from "../errors/refusal.ts";
import { parseArn, roleNameOf } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { AwsPortError } from "./aws.ts";
import type { AssumeRoleRequest, AwsPort } from "./aws.ts";
import { failedAttributesSentence } from "./session-attributes.ts";
import type { MappedAttributes } from "./session-attributes.ts";

/** The output of CreateSession; `credentialSet` always has one element. */
export interface CreateSessionOutput {
  readonly credentialSet: readonly CredentialSet[];
  readonly subjectArn: string;
}

export interface CredentialSet {
  readonly assumedRoleUser: { readonly arn: string; readonly assumedRoleId: string };
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** RFC 3339, whole seconds, `Z`. */
    readonly expiration: string;
  };
  /** Percent of the space for policies and tags. */
  readonly packedPolicySize: number;
  readonly roleArn: string;
  readonly sourceIdentity: string;
}

/** A session that all checks allow: the request to STS, and the certificate values that its tags are made of. */
export interface AllowedSession {
  readonly request: AssumeRoleRequest;
  readonly attributes: MappedAttributes;
}

/**
 * Assumes the role.
 *
 * @throws {Refusal} ASSUME_ROLE_REFUSED, STS_UNAVAILABLE
 */
export async function assume(
  aws: AwsPort,
  { accountId, partition }: State,
  { request, attributes }: AllowedSession,
  now: Date,
): Promise<CredentialSet> {
  const { roleArn, roleSessionName, sourceIdentity, durationSeconds } = request;
  const assumed = await callAws(roleArn, attributes, aws.assumeRole(request));
  const { accessKeyId, secretAccessKey, sessionToken, assumedRoleId, packedPolicySize } = assumed;
  const expiresAt = new Date(now.getTime() + durationSeconds * 1000);
  return {
    assumedRoleUser: {
      arn: `arn:${partition}:sts::${parseArn(roleArn)?.account ?? accountId}:assumed-role/${roleNameOf(roleArn)}/${roleSessionName}`,
      assumedRoleId,
    },
    credentials: {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      expiration: `${expiresAt.toISOString().slice(0, 19)}Z`,
    },
    packedPolicySize,
    roleArn,
    sourceIdentity,
  };
}

/**
 * Waits for a call to IAM or STS.
 *
 * @throws {Refusal} ASSUME_ROLE_REFUSED when IAM or STS refuses, STS_UNAVAILABLE when there is no response
 */
export async function callAws<Answer>(
  roleArn: string,
  attributes: MappedAttributes,
  call: Promise<Answer>,
): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof AwsPortError)) throw error;
    const received = printable(error.message);
    if (error.kind === "refused") {
      throw unableToAssume("ASSUME_ROLE_REFUSED", roleArn, attributes, {
        expected: "STS to accept role, session policy and tags",
        received,
        remedy: "correct what STS names",
      });
    }
    throw new Refusal(
      "STS_UNAVAILABLE",
      "ServiceUnavailableException",
      "Service unavailable",
      {
        expected: "an answer from the STS and IAM endpoints",
        received,
        remedy: "start LocalStack, or correct --sts-endpoint and --iam-endpoint",
      },
      { cause: error },
    );
  }
}

/** The refusal that names the role, and the certificate values that could not become tags. */
export function unableToAssume(
  reason: ReasonCode,
  roleArn: string,
  attributes: MappedAttributes,
  explanation: Explanation,
): Refusal {
  const message = `${AWS_MESSAGE.unableToAssume(roleArn)}${failedAttributesSentence(attributes)}`;
  return denied(reason, message, explanation);
}
