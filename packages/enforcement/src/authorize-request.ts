import { evaluatePolicies, explainPolicies } from "@roles-anywhere/iam-policy";
import type { Decision, PolicyRequest } from "@roles-anywhere/iam-policy";
import { accessDeniedMessage, isOneResource } from "./access-denied-message.ts";
import { MalformedPolicy, preparePolicies, ROLE_ACTIONS } from "./applicable-policies.ts";
import type { ApplicablePolicies, PreparedPolicies } from "./applicable-policies.ts";
import { mapRequest } from "./map-request.ts";
import type { RequiredPermission } from "./permission.ts";
import type { ServiceRequest } from "./service-request.ts";
import { protocolOf } from "./signature/protocol.ts";
import { sessionContext } from "./session-facts.ts";
import type { SessionFacts } from "./session-facts.ts";
import type { PermissionVerdict, Refused, Verdict } from "./verdict.ts";

/** Operations that sessions of roles cannot call, whatever the policies say. */
const NOT_FOR_SESSIONS: ReadonlySet<string> = new Set(["GetSessionToken", "GetFederationToken"]);

/**
 * Decides whether a session may make a request, as IAM does: {@link mapRequest} lists what the request needs, and every
 * permission must be allowed by the policies together (role, permissions boundary, session policies, resource policies).
 * A resource policy grants alone when it names the session; when it names the role, session policies and boundary still
 * limit it. A malformed policy refuses everything, since nobody can tell what it would have denied.
 *
 * @param required what {@link mapRequest} lists for the request, when you have it already
 *
 * @example
 * const verdict = authorizeRequest(request, session, {
 *   identityPolicies: [{ name: "read", document: rolePolicy }],
 *   sessionPolicies: [{ name: "profile", document: profilePolicy }],
 *   resourcePolicies: [{ name: "bucket policy", document: bucketPolicy, resourceArn: "arn:aws:s3:::reports" }],
 * });
 * if (!verdict.allowed) return answer(verdict.status, verdict.code, verdict.message);
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function authorizeRequest(
  request: ServiceRequest,
  session: SessionFacts,
  policies: ApplicablePolicies,
  required: readonly RequiredPermission[] = mapRequest(request),
): Verdict {
  if (request.service === "sts" && NOT_FOR_SESSIONS.has(request.operation)) {
    const message = `Cannot call ${request.operation} with session credentials`;
    return { allowed: false, ...errorOf(request), message, reason: message, permissions: [] };
  }
  const facts = sessionContext(session);
  const questions: Question[] = [];
  try {
    const policiesFor = preparePolicies(policies);
    for (const permission of required) {
      const asked = questionOf(permission, session, { ...permission.context, ...facts });
      questions.push({ permission, asked, policies: policiesFor(permission) });
    }
  } catch (error) {
    if (error instanceof MalformedPolicy) return refuseAll(error, request, session, required);
    throw error;
  }
  const permissions = questions.map(verdictOf);
  const at = permissions.findIndex(({ effect }) => effect !== "Allow");
  const [refused, question] = [permissions[at], questions[at]];
  if (refused === undefined || question === undefined) return { allowed: true, permissions };
  const explanation = explainPolicies(question.policies.set, question.asked);
  return {
    allowed: false,
    ...errorOf(request),
    message: accessDeniedMessage(session.assumedRoleArn, refused, request.service),
    reason:
      refused.policyName === undefined ? explanation.reason : `${refused.policyName}: ${explanation.reason}`,
    refused,
    explanation,
    permissions,
  };
}

/**
 * The ARNs of the resources whose policies {@link authorizeRequest} looks at: the buckets of an S3 request, and the role
 * that `sts:AssumeRole` is about, whose trust policy counts as its resource policy.
 *
 * @param required what {@link mapRequest} lists for the request, when you have it already
 */
export function policyResources(
  request: ServiceRequest,
  required: readonly RequiredPermission[] = mapRequest(request),
): readonly string[] {
  const arns = required.map(({ action, resource }) => {
    if (action.startsWith("s3:")) return isOneResource(resource) ? resource.split("/", 1)[0] : undefined;
    return ROLE_ACTIONS.has(action) && resource !== "*" ? resource : undefined;
  });
  return [...new Set(arns.filter((arn) => arn !== undefined))];
}

function questionOf(
  { action, resource, owner }: RequiredPermission,
  { assumedRoleArn }: SessionFacts,
  context: PolicyRequest["context"],
): PolicyRequest {
  return {
    action,
    resource,
    // An ARN that has an account says itself whose it is.
    resourceAccount:
      action.startsWith("s3:") && !/^arn:[^:]*:s3:[^:]*:\d/u.test(resource) ? owner : undefined,
    principal: { type: "AWS", id: assumedRoleArn },
    context,
  };
}

/** One permission that the request needs, and what the policies are asked about it. */
interface Question {
  readonly permission: RequiredPermission;
  readonly asked: PolicyRequest;
  readonly policies: PreparedPolicies;
}

function verdictOf({ permission, asked, policies: { set, names } }: Question): PermissionVerdict {
  const { effect, policy, statement }: Decision = evaluatePolicies(set, asked);
  const policyName = policy?.index === undefined ? undefined : names[policy.type][policy.index];
  const { action, resource } = permission;
  return { action, resource, effect, policyName, policyType: policy?.type, statement };
}

function refuseAll(
  error: MalformedPolicy,
  request: ServiceRequest,
  { assumedRoleArn }: SessionFacts,
  required: readonly RequiredPermission[],
): Refused {
  const permissions = required.map(({ action, resource }): PermissionVerdict => ({
    action,
    resource,
    effect: "ImplicitDeny",
  }));
  const [first = { action: "", resource: "*", effect: "ImplicitDeny" } satisfies PermissionVerdict] =
    permissions;
  const message = accessDeniedMessage(assumedRoleArn, first, request.service);
  return { allowed: false, ...errorOf(request), message, reason: error.message, refused: first, permissions };
}

/** Services that answer `AccessDenied`; EC2 has a code of its own, and others answer `AccessDeniedException`. */
function errorOf({ service }: ServiceRequest): Pick<Refused, "code" | "status"> {
  const { protocol, jsonStatus } = protocolOf(service);
  if (service === "ec2") return { code: "UnauthorizedOperation", status: 403 };
  if (protocol !== "json") return { code: "AccessDenied", status: 403 };
  return { code: "AccessDeniedException", status: jsonStatus };
}
