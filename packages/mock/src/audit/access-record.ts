import type { PermissionVerdict } from "@roles-anywhere/enforcement";
import type { AccessDecision, AccessReason } from "../access/answer-question.ts";
import { MAX_MESSAGE_LENGTH, printable } from "../errors/printable.ts";
import type { GrantedSession } from "../session/session-store.ts";
import { roleNameOf } from "../state/state.ts";

/** The members that all records of decisions have alike. */
const CONSTANT = {
  eventVersion: "1.11",
  responseElements: null,
  eventType: "AwsApiCall",
  managementEvent: false,
  eventCategory: "Data",
} as const;

/**
 * The record of one decision on a request that the credentials of a session signed, in the form of CloudTrail. `_mock` has
 * what CloudTrail does not tell.
 */
export type AccessRecord = typeof CONSTANT & {
  /** ISO 8601, by the mock's clock. */
  readonly eventTime: string;
  /** For example `s3.amazonaws.com`. */
  readonly eventSource: string;
  readonly eventName: string;
  readonly userIdentity: UserIdentity;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  /** The names of bucket and object. Other parameters may be secrets. */
  readonly requestParameters: Readonly<Record<string, string>> | null;
  readonly requestID: string;
  readonly eventID: string;
  readonly recipientAccountId: string;
  readonly _mock: AccessVerdict;
};

type UserIdentity =
  | { readonly type: "Unknown"; readonly accessKeyId: string }
  | {
      readonly type: "AssumedRole";
      readonly principalId: string;
      readonly arn: string;
      readonly accountId: string;
      readonly accessKeyId: string;
      readonly sessionContext: {
        readonly sessionIssuer: {
          readonly type: "Role";
          readonly principalId: string;
          readonly arn: string;
          readonly accountId: string;
          readonly userName: string;
        };
        readonly attributes: { readonly creationDate: string; readonly mfaAuthenticated: "false" };
        readonly sourceIdentity: string;
      };
    };

/** How a request was decided, and why. */
export interface AccessVerdict {
  readonly verdict: "allowed" | "refused";
  /** HTTP status of the refusal. */
  readonly status?: number | undefined;
  readonly reason?: AccessReason | undefined;
  /** Why the policies refuse, for people who look after them. */
  readonly explanation?: string | undefined;
  /** What the request needs, each with the policy and the statement that decided. At most 50. */
  readonly permissions?: readonly PermissionVerdict[] | undefined;
  /** Who got the session, and through what. Absent for a key that the mock does not know. */
  readonly session?:
    | (Pick<GrantedSession, "trustAnchorArn" | "profileArn" | "certificate"> & {
        readonly expiration: string;
      })
    | undefined;
}

/** How many permissions a record names: a request that deletes 1000 objects needs one for each. */
const MAX_PERMISSIONS = 50;

/** Writes the record of one decision. */
export function toAccessRecord(
  { arrival, question, session, refusal, verdict }: AccessDecision,
  facts: { readonly requestId: string; readonly eventId: string; readonly now: Date },
): AccessRecord {
  const { request } = question;
  const { accessKeyId } = arrival;
  const userAgent = arrival.request.headers.find(([name]) => name.toLowerCase() === "user-agent")?.[1] ?? "";
  return {
    ...CONSTANT,
    eventTime: facts.now.toISOString(),
    eventSource: `${printable(request.service, 100)}.amazonaws.com`,
    eventName: printable(request.operation, 200),
    userIdentity: userIdentity(printable(accessKeyId, 128), session),
    awsRegion: printable(request.region, 100),
    sourceIPAddress: printable(request.sourceIp, 100),
    userAgent: printable(userAgent, 400),
    errorCode: refusal?.error.code,
    errorMessage: refusal === undefined ? undefined : printable(refusal.error.message, MAX_MESSAGE_LENGTH),
    requestParameters: requestParameters(request),
    requestID: facts.requestId,
    eventID: facts.eventId,
    recipientAccountId: request.accountId,
    _mock: {
      verdict: refusal === undefined ? "allowed" : "refused",
      status: refusal?.error.status,
      reason: refusal?.reason,
      explanation: verdict?.allowed === false ? printable(verdict.reason, MAX_MESSAGE_LENGTH) : undefined,
      permissions: verdict?.permissions.slice(0, MAX_PERMISSIONS),
      session: session === undefined ? undefined : describe(session),
    },
  };
}

/** One line for people about a refused request. */
export function toAccessLine({ question, session, refusal }: AccessDecision): string | undefined {
  if (refusal === undefined || session === undefined) return undefined;
  const { service, operation } = question.request;
  const { status, code, message } = refusal.error;
  const who = printable(session.assumedRoleArn);
  return `${service}:${operation} of ${who} refused with ${status} ${code}: ${printable(message)}`;
}

function userIdentity(accessKeyId: string, session: GrantedSession | undefined): UserIdentity {
  if (session === undefined) return { type: "Unknown", accessKeyId };
  const { assumedRoleArn, roleArn, roleId, roleSessionName, sourceIdentity, issuedAt } = session;
  const accountId = roleArn.split(":")[4] ?? "";
  return {
    type: "AssumedRole",
    principalId: `${roleId}:${roleSessionName}`,
    arn: assumedRoleArn,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: roleId,
        arn: roleArn,
        accountId,
        userName: roleNameOf(roleArn),
      },
      attributes: { creationDate: issuedAt.toISOString(), mfaAuthenticated: "false" },
      sourceIdentity: printable(sourceIdentity),
    },
  };
}

function requestParameters({ service, parameters }: AccessDecision["question"]["request"]) {
  if (service !== "s3") return null;
  const { Bucket: bucketName, Key: key } = parameters;
  const named = Object.entries({ bucketName, key }).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, printable(value, 1100)]] : [],
  );
  return named.length === 0 ? null : Object.fromEntries(named);
}

function describe({ trustAnchorArn, profileArn, certificate, expiresAt }: GrantedSession) {
  const { subject, issuer, serialNumber } = certificate;
  return {
    trustAnchorArn,
    profileArn,
    certificate: { subject: printable(subject), issuer: printable(issuer), serialNumber },
    expiration: expiresAt.toISOString(),
  };
}
