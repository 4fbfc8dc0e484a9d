import {
  authorizeRequest,
  mapRequest,
  policyResources,
  readClaim,
  refuseSignature,
  verifySignature,
} from "@roles-anywhere/enforcement";
import type {
  ApplicablePolicies,
  NamedPolicy,
  ResourcePolicy,
  ServiceErrorFacts,
  ServiceRequest,
  SignatureRefusal,
  SignatureRefusalReason,
  ValidSignature,
  Verdict,
} from "@roles-anywhere/enforcement";
import { AwsPortError } from "../session/aws.ts";
import type { GrantedSession, SessionStore } from "../session/session-store.ts";
import { parseArn } from "../state/state.ts";
import type { Clock } from "../state/state.ts";
import type { PolicyVersion } from "./policy-cache.ts";
import type { PolicyPort, RolePolicies } from "./policy-port.ts";
import type { AccessArrival, AccessQuestion } from "./question.ts";

/** What decides whether a session may do something. */
export interface AccessContext {
  readonly clock: Clock & {
    /** The time by which clients date their requests. */
    realNow(): Date;
  };
  readonly sessions: SessionStore;
  /** The policies of IAM at a version. */
  readonly policies?: ((version: PolicyVersion) => PolicyPort) | undefined;
}

/** Why a request is refused: its credentials or signature, the policies, or policies that cannot be read. */
export type AccessReason = SignatureRefusalReason | "POLICY_DENIED" | "POLICIES_UNAVAILABLE";

/** A request that arrived, as far as it can be judged before LocalStack has read it. */
export interface CheckedArrival {
  readonly arrival: AccessArrival;
  /** The session whose key the request names, if the mock knows it. */
  readonly session?: GrantedSession | undefined;
  /** What its signature is worth, if it is a request to the service that it was signed for. */
  readonly signature: ValidSignature | SignatureRefusal;
  /** The signing name of that service. */
  readonly signedFor: string;
}

/** A decision on one request, with what it rests on. */
export interface AccessDecision {
  readonly arrival: AccessArrival;
  readonly question: AccessQuestion;
  /** The session whose key the request names, if the mock knows it. */
  readonly session?: GrantedSession | undefined;
  readonly refusal?: { readonly reason: AccessReason; readonly error: ServiceErrorFacts } | undefined;
  /** What the policies say. Absent when they were not asked. */
  readonly verdict?: Verdict | undefined;
}

/** Finds the session of a request that arrived, and verifies the signature. */
export function checkArrival(
  { clock, sessions }: Pick<AccessContext, "clock" | "sessions">,
  arrival: AccessArrival,
): CheckedArrival {
  const session = findSession(sessions, arrival);
  const claim = readClaim({ ...toSignedRequest(arrival), service: "s3" });
  const signedFor = "refused" in claim ? "s3" : claim.service;
  const request = { ...toSignedRequest(arrival), service: signedFor };
  return {
    arrival,
    session,
    signedFor,
    signature: verifySignature(request, session, { now: clock.realNow() }),
  };
}

/**
 * Decides on a request that names a key of the mock: the session lives by the mock's clock, the request is signed with
 * its secret and token, and the policies allow it.
 *
 * Clients date their requests by their own clock, which the lab does not move: the date is compared with the real time.
 */
export async function answerQuestion(
  context: AccessContext,
  checked: CheckedArrival,
  question: AccessQuestion,
): Promise<AccessDecision> {
  const { clock } = context;
  const { arrival, session } = checked;
  // LocalStack, which the lab's clock does not move, gave out the sessions of assumed roles.
  const now = arrival.assumed === null ? clock.now() : clock.realNow();
  const received = toServiceRequest(arrival, question, now);
  const known = { arrival, question, session };
  if (session !== undefined && now >= session.expiresAt) {
    return { ...known, refusal: refuseSignature("TOKEN_EXPIRED", received.service) };
  }
  const signature = signatureOf(received, checked, question.request.addressRegion, clock.realNow());
  if (!signature.valid) return { ...known, refusal: signature };
  if (session === undefined || signature.claim.accessKeyId !== session.accessKeyId) {
    return { ...known, refusal: refuseSignature("ACCESS_KEY_UNKNOWN", received.service) };
  }
  const request = { ...received, claim: signature.claim };
  const required = mapRequest(request);
  const gathered = await gather(context, question, session, policyResources(request, required));
  if (gathered instanceof AwsPortError) return { ...known, refusal: unavailable(gathered) };
  const { role, policies } = gathered;
  const verdict = authorizeRequest(request, sessionFacts(session, role), policies, required);
  if (verdict.allowed) return { ...known, verdict };
  const { code, status, message } = verdict;
  return { ...known, verdict, refusal: { reason: "POLICY_DENIED", error: { code, status, message } } };
}

/** The session that the mock granted, or one that such a session got for another role. Its origin stays the same. */
function findSession(
  sessions: SessionStore,
  { accessKeyId, assumed }: AccessArrival,
): GrantedSession | undefined {
  if (assumed === null) return sessions.find(accessKeyId);
  const { grantedAccessKeyId, sessionPolicy, ...facts } = assumed;
  const granted = sessions.find(grantedAccessKeyId);
  if (granted === undefined) return undefined;
  return { ...granted, ...facts, accessKeyId, sessionPolicy: sessionPolicy ?? undefined };
}

function toSignedRequest({ request }: AccessArrival) {
  return { ...request, payloadSha256: request.payloadSha256 ?? undefined };
}

/** What the signature is worth. It is verified anew for a service or region with rules that were not known before. */
function signatureOf(
  request: ServiceRequest,
  { session, signature, signedFor }: CheckedArrival,
  region: string | null,
  now: Date,
): ValidSignature | SignatureRefusal {
  if (request.service === signedFor && region === null) return signature;
  return verifySignature(request, session, { now, scope: { region: region ?? undefined } });
}

function toServiceRequest(
  arrival: AccessArrival,
  { request, buckets }: AccessQuestion,
  receivedAt: Date,
): ServiceRequest {
  const { parameters, copySource, addressRegion: _, ...same } = request;
  const bucket = typeof parameters["Bucket"] === "string" ? buckets[parameters["Bucket"]] : undefined;
  return {
    ...toSignedRequest(arrival),
    ...same,
    parameters,
    receivedAt,
    resourceAccountId: bucket?.accountId,
    copySource:
      copySource === null ? undefined : { ...copySource, versionId: copySource.versionId ?? undefined },
    sourceAccountId: copySource === null ? undefined : buckets[copySource.bucket]?.accountId,
  };
}

function sessionFacts(session: GrantedSession, role: RolePolicies | undefined) {
  const { tags, roleSessionName: sessionName, roleId, ...facts } = session;
  return {
    ...facts,
    sessionName,
    roleId: role?.roleId ?? roleId,
    tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    roleTags: role?.tags,
  };
}

interface Gathered {
  readonly role: RolePolicies | undefined;
  readonly policies: ApplicablePolicies;
}

/**
 * Gathers the policies that have a say. A role that was deleted, and then a role of the same name that was made anew, has
 * none for this session.
 */
async function gather(
  { policies: policiesAt }: AccessContext,
  { policyVersion, buckets }: AccessQuestion,
  session: GrantedSession,
  resources: readonly string[],
): Promise<Gathered | AwsPortError> {
  if (policiesAt === undefined) return new AwsPortError("unavailable", "the mock was started without an IAM");
  const port = policiesAt(policyVersion);
  try {
    const [found, sessionPolicies, resourcePolicies] = await Promise.all([
      port.readRole(session.roleArn),
      readSessionPolicies(port, session),
      Promise.all(resources.map((arn) => readResourcePolicy(port, buckets, arn))),
    ]);
    const role = found?.roleId === session.roleId ? found : undefined;
    const policies = {
      identityPolicies: role?.policies ?? [],
      permissionsBoundary: role?.permissionsBoundary,
      sessionPolicies,
      resourcePolicies: resourcePolicies.filter((policy) => policy !== undefined),
    };
    return { role, policies };
  } catch (error) {
    if (error instanceof AwsPortError) return error;
    throw error;
  }
}

/** A managed session policy that does not exist any more allows nothing. */
async function readSessionPolicies(
  port: PolicyPort,
  { sessionPolicy, managedPolicyArns, roleArn }: GrantedSession,
): Promise<readonly NamedPolicy[]> {
  const account = parseArn(roleArn)?.account ?? "";
  const managed = managedPolicyArns.map(async (name) => {
    const document = (await port.readManagedPolicy(name, account))?.document;
    return { name, document: document ?? ALLOWS_NOTHING };
  });
  const inline =
    sessionPolicy === undefined ? [] : [{ name: "session policy of the profile", document: sessionPolicy }];
  return [...inline, ...(await Promise.all(managed))];
}

const ALLOWS_NOTHING = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "none:None", Resource: "arn:aws:none:::none" }],
});

const BUCKET_ARN = /^arn:[^:]+:s3:::/;

/** The policy of a bucket as the hook sent it, or the trust policy of a role. */
async function readResourcePolicy(
  port: PolicyPort,
  buckets: AccessQuestion["buckets"],
  resourceArn: string,
): Promise<ResourcePolicy | undefined> {
  if (BUCKET_ARN.test(resourceArn)) {
    const bucket = resourceArn.replace(BUCKET_ARN, "");
    const document = buckets[bucket]?.policy ?? undefined;
    return document === undefined ? undefined : { name: `policy of bucket ${bucket}`, document, resourceArn };
  }
  const document = (await port.readRole(resourceArn))?.trustPolicy;
  return document === undefined ? undefined : { name: "trust policy", document, resourceArn };
}

function unavailable({ message }: AwsPortError) {
  const error = {
    code: "ServiceUnavailable",
    status: 503,
    message: `The policies that apply cannot be read: ${message}`,
  };
  return { reason: "POLICIES_UNAVAILABLE" as const, error };
}
