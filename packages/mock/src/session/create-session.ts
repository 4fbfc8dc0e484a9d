import { Refusal } from "../errors/refusal.ts";
import { readParameters } from "../request/parameters.ts";
import type { CreateSessionParameters } from "../request/parameters.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { readSignedRequest, rememberTrusted } from "../request/signed-request.ts";
import type { SignedRequest } from "../request/signed-request.ts";
import type { SubjectRecord } from "../state/records.ts";
import { parseArn, roleNameOf } from "../state/state.ts";
import type { Clock, State } from "../state/state.ts";
import type { Certificate } from "../trust/certificate.ts";
import { callAws } from "./aws.ts";
import type { AwsPort } from "./aws.ts";
import { authenticate } from "./authenticate.ts";
import { authorizeCertificate, authorizeSession } from "./authorize.ts";
import type { AllowedSession, AuthenticatedCall, AuthorizationContext } from "./authorize.ts";
import type { GrantedSession, SessionStore } from "./session-store.ts";
import { markFailed, recordSubject } from "./subjects.ts";

/** What CreateSession works on. */
export interface SessionContext extends AuthorizationContext {
  readonly clock: Clock;
  /** Remembers the sessions that were granted. */
  readonly sessions: SessionStore;
  /** Makes the ids of new subjects. */
  readonly uuid: () => string;
  /** Shortest session, in seconds. AWS grants none below 900; lower values are for the lab. @default 900 */
  readonly minDurationSeconds: number;
}

/** The output of CreateSession; `credentialSet` always has one element. */
export interface CreateSessionOutput {
  readonly credentialSet: readonly CredentialSet[];
  readonly subjectArn: string;
}

/** What became known about a CreateSession call: less, when it was refused early. */
interface KnownFacts {
  readonly received: ReceivedRequest;
  readonly request?: SignedRequest | undefined;
  readonly certificate?: Certificate | undefined;
  readonly parameters?: CreateSessionParameters | undefined;
}

/** How a CreateSession call ended, with everything that the audit needs to know of it. */
export type SessionVerdict = KnownFacts &
  (
    | { readonly output: CreateSessionOutput; readonly unmapped: readonly string[] }
    | { readonly refusal: Refusal }
  );

/**
 * Decides on one CreateSession call: reads the request, then authenticates its sender, authorizes certificate, resources
 * and role, and assumes the role. AWS documents no order of checks; this is the one that its user guide suggests.
 *
 * @returns the verdict; what is thrown is a defect of the mock
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
 */
export async function createSession(
  context: SessionContext,
  received: ReceivedRequest,
): Promise<SessionVerdict> {
  const { aws, sessions, state } = context;
  const now = context.clock.now();
  const request = readSignedRequest(received);
  if ("refusal" in request) return { received, ...request };
  const { certificate } = request;
  let facts: KnownFacts = { received, request, certificate };
  let subject: SubjectRecord | undefined;
  try {
    authenticate(request, state.region, now);
    const parameters = readParameters(request.query, request.body, context.minDurationSeconds);
    facts = { ...facts, parameters };
    const call = { request, parameters, now };
    const { trustAnchor, path } = authorizeCertificate(state, call);
    rememberTrusted(path);
    subject = recordSubject(state, certificate, now, parameters.instanceProperties, context.uuid);
    const session = await authorizeSession(context, trustAnchor, call);
    const credentialSet = await assume(aws, state, session, now);
    const { trustAnchorArn } = trustAnchor;
    sessions.add(grantedSession(credentialSet, session, { ...call, trustAnchorArn }), now);
    const output = { credentialSet: [credentialSet], subjectArn: subject.subjectArn };
    return { ...facts, output, unmapped: session.unmapped };
  } catch (error) {
    if (subject !== undefined) markFailed(subject, now);
    if (error instanceof Refusal) return { ...facts, refusal: error };
    throw error;
  }
}

type CredentialSet = Awaited<ReturnType<typeof assume>>;

/** Assumes the role. The result is the element of the output's `credentialSet`. */
async function assume(
  aws: AwsPort,
  { accountId, partition }: State,
  { request, message }: AllowedSession,
  now: Date,
) {
  const { roleArn, roleSessionName, sourceIdentity, durationSeconds } = request;
  const { assumedRoleId, packedPolicySize, accessKeyId, secretAccessKey, sessionToken } = await callAws(
    message,
    aws.assumeRole(request),
  );
  const account = parseArn(roleArn)?.account ?? accountId;
  const expiresAt = new Date(now.getTime() + durationSeconds * 1000);
  return {
    assumedRoleUser: {
      arn: `arn:${partition}:sts::${account}:assumed-role/${roleNameOf(roleArn)}/${roleSessionName}`,
      assumedRoleId,
    },
    credentials: {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      // RFC 3339, whole seconds.
      expiration: `${expiresAt.toISOString().slice(0, 19)}Z`,
    },
    packedPolicySize,
    roleArn,
    sourceIdentity,
  };
}

/** What the mock remembers of the session. */
function grantedSession(
  { assumedRoleUser: { arn, assumedRoleId }, credentials }: CredentialSet,
  { request: { durationSeconds, ...request } }: AllowedSession,
  {
    now,
    parameters,
    request: { certificate },
    trustAnchorArn,
  }: AuthenticatedCall & { trustAnchorArn: string },
): GrantedSession {
  return {
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    sessionToken: credentials.sessionToken,
    ...request,
    roleId: assumedRoleId.split(":")[0] ?? "",
    assumedRoleArn: arn,
    issuedAt: now,
    expiresAt: new Date(now.getTime() + durationSeconds * 1000),
    trustAnchorArn,
    profileArn: parameters.profileArn,
    certificate: {
      subject: certificate.subject.text,
      issuer: certificate.issuer.text,
      serialNumber: certificate.serialNumber.toString(),
    },
  };
}
