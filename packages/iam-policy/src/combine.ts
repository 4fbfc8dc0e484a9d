import { explainNoAllow } from "./explain.ts";
import { readAwsPrincipal } from "./match-principal.ts";
import type { AwsPrincipal } from "./match-principal.ts";
import { matchStatement } from "./match-statement.ts";
import type { PreparedRequest, StatementMatch } from "./match-statement.ts";
import { labelOf, nameOf } from "./policy-document.ts";
import type { PolicyDocument, Statement } from "./policy-document.ts";
import type { Decision, PolicyRequest } from "./policy-request.ts";
import { readContext } from "./request-context.ts";

/** Every policy that has a say in a request. An absent or empty list means that there is no policy of its type. */
export interface PolicySet {
  /** Of the user with its groups, or of the role. */
  readonly identityPolicies: readonly PolicyDocument[];
  /** Inline and managed policies passed when the session was made. Together they allow what any of them allows. */
  readonly sessionPolicies?: readonly PolicyDocument[];
  /** Attached to the resource of the request. */
  readonly resourcePolicies?: readonly PolicyDocument[];
  /** IAM has at most one; each of several must allow. */
  readonly permissionsBoundaries?: readonly PolicyDocument[];
}

/**
 * Decides a request by all policies of one account, as "Policy evaluation for requests within a single
 * account" and "How AWS enforcement code logic evaluates requests to allow or deny access" of the IAM User
 * Guide describe it:
 *
 * 1. An explicit deny in any policy wins.
 * 2. A resource policy that names the user, the session, the service or everybody is enough: identity
 *    policies, boundaries and session policies do not limit it. One that names the role of a session needs
 *    the boundary and the session policies to allow too. One that names the account only lets the account
 *    decide, so it grants nothing by itself; nor does an Allow with `NotPrincipal`, of which the guide is silent.
 * 3. Else an identity policy must allow, and every boundary, and one session policy where there are any.
 *
 * The account's root user needs no policy. A federated-user session without session policy has no permissions
 * of its own. When the resource's ARN shows another account than the principal's, both sides must allow
 * ("Cross-account policy evaluation logic"). Organizations policies (SCP, RCP) and the special rules of role
 * trust policies and KMS key policies are not part of this; a trust policy is evaluated by itself.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export function evaluateAll(policies: PolicySet, request: PolicyRequest): Decision {
  const context = readContext(request.context);
  const forPrincipal: PreparedRequest = { ...request, context, attachedToPrincipal: true };
  const forResource: PreparedRequest = { ...request, context, attachedToPrincipal: false };
  const identity = judge("identity policy", policies.identityPolicies, forPrincipal);
  const session = judge("session policy", policies.sessionPolicies ?? [], forPrincipal);
  const resource = judge("resource policy", policies.resourcePolicies ?? [], forResource);
  const boundaries = (policies.permissionsBoundaries ?? []).map((boundary, index, { length }) =>
    judge(length === 1 ? "permissions boundary" : `permissions boundary ${index}`, [boundary], forPrincipal),
  );

  const denial = [identity, session, resource, ...boundaries].find(({ deny }) => deny !== undefined)?.deny;
  if (denial !== undefined) return conclude("ExplicitDeny", denial, request);

  const principal = request.principal?.type === "AWS" ? readAwsPrincipal(request.principal.id) : undefined;
  const crossAccount = isCrossAccount(principal, request.resource);
  const limits = [...boundaries, ...(session.policies === 0 ? [] : [session])];
  const grant = resource.allow;

  if (crossAccount && grant === undefined) return refuse(resource, forResource);
  if (!crossAccount && grant !== undefined && grantsAlone(grant.match)) {
    return conclude("Allow", grant, request);
  }
  if (!crossAccount && principal?.kind === "root") {
    return { effect: "Allow", reason: `the root user of account ${principal.account} has full access` };
  }
  const byRole = !crossAccount && grant?.match === "role" ? grant : undefined;
  const base = byRole ?? identity.allow;
  if (base === undefined) return refuse(identity, forPrincipal);
  const limit = limits.find(({ allow }) => allow === undefined);
  if (limit !== undefined) return refuse(limit, forPrincipal);
  if (principal?.kind === "federated-user" && session.policies === 0) {
    return {
      effect: "ImplicitDeny",
      reason: `a federated-user session without session policy may do only what a resource policy allows it by its ARN`,
    };
  }
  return conclude("Allow", base, request);
}

/** What the policies of one type say. */
interface Verdict {
  readonly type: string;
  readonly policies: number;
  readonly deny: Finding | undefined;
  /** The Allow that names the principal most closely. */
  readonly allow: Finding | undefined;
  readonly findings: readonly Labelled[];
}

interface Labelled {
  readonly statement: Statement;
  readonly label: string;
}

interface Finding extends Labelled {
  readonly match: StatementMatch;
}

function judge(type: string, policies: readonly PolicyDocument[], request: PreparedRequest): Verdict {
  const findings = policies.flatMap((policy, index) => {
    const name = policies.length === 1 ? type : `${type} ${index}`;
    return policy.statements.map((statement) => ({ statement, label: `${name}, ${labelOf(statement)}` }));
  });
  let deny: Finding | undefined;
  let allow: Finding | undefined;
  for (const { statement, label } of findings) {
    const match = matchStatement(statement, request);
    if (match === undefined) continue;
    if (statement.effect === "Deny") deny ??= { statement, label, match };
    else if (allow === undefined || strength(match) > strength(allow.match)) {
      allow = { statement, label, match };
    }
  }
  return { type, policies: policies.length, deny, allow, findings };
}

function strength(match: StatementMatch): number {
  if (grantsAlone(match)) return 2;
  return match === "role" ? 1 : 0;
}

function grantsAlone(match: StatementMatch): boolean {
  return match === "direct" || match === "everyone";
}

/** The account of an S3 object or of an AWS managed policy is not in its ARN: then the request counts as local. */
function isCrossAccount(principal: AwsPrincipal | undefined, resource: string | undefined): boolean {
  const account = resource?.split(":")[4] ?? "";
  return principal !== undefined && /^\d{12}$/u.test(account) && account !== principal.account;
}

function conclude(effect: "Allow" | "ExplicitDeny", finding: Finding, request: PolicyRequest): Decision {
  const verb = effect === "Allow" ? "allows" : "explicitly denies";
  const target = request.resource === undefined ? "" : ` on ${request.resource}`;
  return {
    effect,
    statement: nameOf(finding.statement),
    reason: `${finding.label} ${verb} ${request.action}${target}`,
  };
}

function refuse(verdict: Verdict, request: PreparedRequest): Decision {
  const reason =
    verdict.policies === 0
      ? `there is no ${verdict.type}, so nothing allows ${request.action}`
      : `${verdict.type}: ${explainNoAllow(verdict.findings, request)}`;
  return { effect: "ImplicitDeny", reason };
}
