import { explainNoAllow, explainStatement } from "./explain.ts";
import type { Candidate, StatementExplanation } from "./explain.ts";
import type { PolicyDocument } from "./parse-policy.ts";
import { escapeControls } from "./policy-grammar.ts";
import { readAwsPrincipal } from "./principal.ts";
import { readAccountOf, readContext } from "./request.ts";
import type { PolicyRequest } from "./request.ts";
import { labelOf, matchStatement, nameOf } from "./statement.ts";
import type { PreparedRequest, StatementMatch } from "./statement.ts";

/** The type of a policy in the evaluation of a request. Each type has rules of its own for what must allow. */
export type PolicyType = "identity" | "session" | "resource" | "trust" | "boundary";

/** What the policies say about a request. */
export interface Decision {
  /** `ExplicitDeny`: a Deny statement applies. `ImplicitDeny`: none applies, and a policy that must allow does not. */
  readonly effect: "Allow" | "ExplicitDeny" | "ImplicitDeny";
  /** The statement that decided: its `Sid`, or its position from 0 when it has none. Absent for `ImplicitDeny`. */
  readonly statement?: number | string | undefined;
  /**
   * The policy that has this statement; for `ImplicitDeny` the policies that do not allow. Only
   * {@link evaluatePolicies} and {@link explainPolicies} set it. Absent for the root user of an account, whom no policy
   * has to allow.
   */
  readonly policy?: PolicyReference | undefined;
  /** A sentence for people: which statement decided, or why the closest one does not apply. Not meant for programs. */
  readonly reason: string;
}

/** Names one policy of a {@link PolicySet}, or all of one type. */
export interface PolicyReference {
  readonly type: PolicyType;
  /** Position in its list, from 0. Absent when the policies of the type decided together. */
  readonly index?: number | undefined;
}

/** All policies that apply to a request. An absent or empty list means that there is no policy of that type. */
export interface PolicySet {
  /** Inline and managed policies of the user and its groups, or of the role. Parsed with the kind `identity`. */
  readonly identityPolicies?: readonly PolicyDocument[] | undefined;
  /**
   * Inline and managed policies that were passed when the session was made. Together they allow what any of them allows.
   * Parsed with the kind `session`.
   */
  readonly sessionPolicies?: readonly PolicyDocument[] | undefined;
  /** Policies that are attached to the resource of the request. Parsed with the kind `resource`. */
  readonly resourcePolicies?: readonly PolicyDocument[] | undefined;
  /**
   * Trust policy of the role that the request wants to assume. Parsed with the kind `trust`. It must allow the principal
   * or its account, even within one account. A trust policy is the resource policy of its role: give it or
   * `resourcePolicies`, not both.
   */
  readonly trustPolicy?: PolicyDocument | undefined;
  /**
   * Permissions boundaries of the user or role. IAM has at most one; when there are several, each must allow. Parsed with
   * the kind `identity`.
   */
  readonly permissionsBoundaries?: readonly PolicyDocument[] | undefined;
}

/** A decision, and what every policy and statement says about the request. */
export interface Explanation extends Decision {
  /** In the order identity, session, resource or trust, boundary. */
  readonly policies: readonly PolicyExplanation[];
}

/** What one policy of a {@link PolicySet} says about a request. */
export interface PolicyExplanation {
  readonly type: PolicyType;
  /** Position in its list, from 0. */
  readonly index: number;
  /** What the policy says by itself. */
  readonly effect: Decision["effect"];
  readonly statements: readonly StatementExplanation[];
}

/**
 * Decides a request by one policy: an explicit deny wins over any allow, and what nothing allows is denied.
 * The order of the statements does not matter. Use it for the trust policy of a role that a service assumes, or to look
 * at one policy alone; {@link evaluatePolicies} knows how several policies, boundaries and accounts work together.
 *
 * A policy that was parsed without `kind` can be of any kind. In such a policy an Allow without `Principal` applies only
 * to requests without a principal: a trust policy whose author forgot `Principal` must not allow everybody.
 *
 * @example
 * const trust = parsePolicy(text, { kind: "trust" });
 * const { effect, reason } = evaluatePolicy(trust, {
 *   action: "sts:AssumeRole",
 *   principal: { type: "Service", id: "rolesanywhere.amazonaws.com" },
 *   context: { "aws:PrincipalTag/x509Subject/CN": "server-a" },
 * });
 *
 * @throws {TypeError} when `resourceAccount` is no account id
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicy(policy: PolicyDocument, request: PolicyRequest): Decision {
  readAccountOf(request);
  const attachedToPrincipal =
    policy.kind === undefined
      ? request.principal === undefined
      : policy.kind === "identity" || policy.kind === "session";
  const { action, resource, principal } = request;
  const context = readContext(request.context);
  const prepared: PreparedRequest = {
    action,
    resource,
    principal,
    context,
    attachedToPrincipal,
    hasBoundary: false,
  };
  let allowed: Finding | undefined;
  for (const statement of policy.statements) {
    // Once one statement allows, only a denial can change the result.
    if (statement.effect === "Allow" && allowed !== undefined) continue;
    const match = matchStatement(statement, prepared);
    if (match === undefined) continue;
    const finding = { statement, label: labelOf(statement), match };
    if (statement.effect === "Deny") return decide(finding, request);
    allowed = finding;
  }
  if (allowed !== undefined) return decide(allowed, request);
  const candidates = policy.statements.map((statement) => ({ statement, label: labelOf(statement) }));
  return { effect: "ImplicitDeny", reason: escapeControls(explainNoAllow(candidates, prepared)) };
}

/**
 * Decides a request by all policies that apply to it:
 *
 * 1. An explicit deny in any policy wins.
 * 2. Within one account, a resource policy that names the user, the session, the service or everybody is enough:
 *    identity policies, boundaries and session policies do not limit it. One that names the role of a session needs
 *    the boundary and the session policies to allow too. One that names the account only lets the account
 *    decide, so it grants nothing by itself. Nor does an Allow with `NotPrincipal`, about which the guide says nothing.
 * 3. Otherwise an identity policy must allow, and every boundary, and one session policy where there are any.
 * 4. When principal and resource are of different accounts, rules 2 and 3 are not alternatives: the resource policy
 *    must allow, and the principal's side too. The account of the resource is the request's `resourceAccount`, else
 *    the one in its ARN; the ARN of an S3 bucket or object has none.
 * 5. The trust policy of a role and the key policy of a KMS key must allow, also within one account.
 *
 * The account's root user needs no identity policy. A federated-user session without session policy has no permissions
 * of its own. A Deny with `NotPrincipal` applies to every principal that has a boundary. Organizations policies (SCP, RCP),
 * VPC endpoint policies, access control lists and grants of KMS are not part of this.
 *
 * @example
 * const decision = evaluatePolicies(
 *   { identityPolicies: [rolePolicy], sessionPolicies: [profilePolicy], resourcePolicies: [bucketPolicy] },
 *   {
 *     action: "s3:GetObject",
 *     resource: "arn:aws:s3:::reports/2026.csv",
 *     resourceAccount: "111122223333",
 *     principal: { type: "AWS", id: "arn:aws:sts::111122223333:assumed-role/reader/server-a" },
 *     context: { "aws:SecureTransport": "true" },
 *   },
 * );
 * if (decision.effect !== "Allow") throw new Error(decision.reason);
 *
 * @throws {TypeError} when `resourceAccount` is no account id, or when both resource and trust policies are given
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
 */
export function evaluatePolicies(policies: PolicySet, request: PolicyRequest): Decision {
  const resourceAccount = readAccountOf(request);
  const { identity, session, resource, boundaries } = judgeAll(policies, request);

  const denial = [identity, session, resource, ...boundaries].find(({ deny }) => deny !== undefined)?.deny;
  if (denial !== undefined) return decide(denial, request);

  const principal = request.principal?.type === "AWS" ? readAwsPrincipal(request.principal.id) : undefined;
  // The ARN of a deleted user or role is a unique id without an account: it counts as another account.
  const crossAccount =
    resourceAccount !== undefined &&
    request.principal?.type === "AWS" &&
    principal?.account !== resourceAccount;
  const grant = resource.allow;

  const mustAllow = crossAccount || resource.type === "trust" || KMS_KEY.test(request.resource ?? "");
  if (mustAllow && grant === undefined) return refuse(resource);
  if (!crossAccount && grant !== undefined && grantsAlone(grant.match)) return decide(grant, request);
  if (!crossAccount && principal?.kind === "root") {
    return { effect: "Allow", reason: `the root user of account ${principal.account} has full access` };
  }
  const byRole = !crossAccount && grant?.match === "role" ? grant : undefined;
  const base = byRole ?? identity.allow;
  if (base === undefined) return refuse(identity);
  const limits = [...boundaries, ...(session.policies.length === 0 ? [] : [session])];
  const limit = limits.find(({ allow }) => allow === undefined);
  if (limit !== undefined) return refuse(limit);
  if (principal?.kind === "federated-user" && session.policies.length === 0) {
    return {
      effect: "ImplicitDeny",
      policy: { type: "session" },
      reason: `a federated-user session without session policy may do only what a resource policy allows it by its ARN`,
    };
  }
  return decide(base, request);
}

/**
 * Decides like {@link evaluatePolicies}, and says for every statement of every policy whether the statement applies and,
 * if not, why. It costs more than the decision alone: use it for reports and failed assertions.
 *
 * @example
 * const { policies } = explainPolicies({ identityPolicies: [policy] }, request);
 * for (const { type, statements } of policies) {
 *   for (const { index, applies, obstacles } of statements) console.log(type, index, applies, obstacles.join("; "));
 * }
 *
 * @throws {TypeError} as {@link evaluatePolicies} does
 */
export function explainPolicies(policies: PolicySet, request: PolicyRequest): Explanation {
  const decision = evaluatePolicies(policies, request);
  const { identity, session, resource, boundaries } = judgeAll(policies, request);
  return {
    ...decision,
    policies: [identity, session, resource, ...boundaries].flatMap((verdict) =>
      verdict.policies.map((policy, offset) => {
        const statements = policy.statements.map((each) => explainStatement(each, verdict.request));
        const applying = new Set(statements.filter(({ applies }) => applies).map(({ effect }) => effect));
        return {
          type: verdict.type,
          index: verdict.offset + offset,
          effect: applying.has("Deny") ? "ExplicitDeny" : applying.has("Allow") ? "Allow" : "ImplicitDeny",
          statements,
        };
      }),
    ),
  };
}

const KMS_KEY = /^arn:[^:]*:kms:[^:]*:[^:]*:key\//u;

/** What the policies of one type say about a request. Each permissions boundary has a verdict of its own. */
interface Verdict {
  readonly type: PolicyType;
  /** The name of the policies in a sentence, such as "session policy". */
  readonly name: string;
  readonly policies: readonly PolicyDocument[];
  /** Position of the first of them in the list of its type. */
  readonly offset: number;
  /** The request, prepared for policies of this type. */
  readonly request: PreparedRequest;
  readonly deny: Finding | undefined;
  /** The Allow that names the principal most closely. */
  readonly allow: Finding | undefined;
  readonly candidates: readonly Candidate[];
}

/** A statement that applies to the request. */
interface Finding extends Candidate {
  readonly match: StatementMatch;
  readonly policy?: PolicyReference | undefined;
}

interface Verdicts {
  readonly identity: Verdict;
  readonly session: Verdict;
  readonly resource: Verdict;
  readonly boundaries: readonly Verdict[];
}

function judgeAll(policies: PolicySet, request: PolicyRequest): Verdicts {
  const { trustPolicy, resourcePolicies = [], permissionsBoundaries = [] } = policies;
  if (trustPolicy !== undefined && resourcePolicies.length > 0) {
    throw new TypeError(
      "give trustPolicy or resourcePolicies, not both: a role's trust policy is its resource policy",
    );
  }
  const common = {
    ...request,
    context: readContext(request.context),
    hasBoundary: permissionsBoundaries.length > 0,
  };
  const forPrincipal: PreparedRequest = { ...common, attachedToPrincipal: true };
  const forResource: PreparedRequest = { ...common, attachedToPrincipal: false };
  return {
    identity: judge("identity", "identity policy", policies.identityPolicies ?? [], forPrincipal),
    session: judge("session", "session policy", policies.sessionPolicies ?? [], forPrincipal),
    resource:
      trustPolicy === undefined
        ? judge("resource", "resource policy", resourcePolicies, forResource)
        : judge("trust", "trust policy", [trustPolicy], forResource),
    boundaries: permissionsBoundaries.map((boundary, index, { length }) => {
      const name = length === 1 ? "permissions boundary" : `permissions boundary ${index}`;
      return judge("boundary", name, [boundary], forPrincipal, index);
    }),
  };
}

function judge(
  type: PolicyType,
  name: string,
  policies: readonly PolicyDocument[],
  request: PreparedRequest,
  offset = 0,
): Verdict {
  const candidates: Candidate[] = [];
  let deny: Finding | undefined;
  let allow: Finding | undefined;
  for (const [index, policy] of policies.entries()) {
    const policyName = policies.length === 1 ? name : `${name} ${index}`;
    for (const statement of policy.statements) {
      const candidate = { statement, label: `${policyName}, ${labelOf(statement)}` };
      candidates.push(candidate);
      const match = matchStatement(statement, request);
      if (match === undefined) continue;
      const finding = { ...candidate, match, policy: { type, index: offset + index } };
      if (statement.effect === "Deny") deny ??= finding;
      else if (allow === undefined || strength(match) > strength(allow.match)) allow = finding;
    }
  }
  return { type, name, policies, offset, request, deny, allow, candidates };
}

function strength(match: StatementMatch): number {
  if (grantsAlone(match)) return 2;
  return match === "role" ? 1 : 0;
}

function grantsAlone(match: StatementMatch): boolean {
  return match === "direct" || match === "everyone";
}

function decide({ statement, label, match, policy }: Finding, request: PolicyRequest): Decision {
  const verb = statement.effect === "Allow" ? "allows" : "explicitly denies";
  const target = request.resource === undefined ? "" : ` on ${escapeControls(request.resource)}`;
  const why =
    match === "boundary"
      ? ": NotPrincipal with Deny applies to every principal that has a permissions boundary"
      : "";
  return {
    effect: statement.effect === "Allow" ? "Allow" : "ExplicitDeny",
    statement: nameOf(statement),
    policy,
    // The label is escaped already, and an action is short: looking through the whole sentence takes longer.
    reason: `${label} ${verb} ${escapeControls(request.action)}${target}${why}`,
  };
}

function refuse({ type, name, policies, offset, candidates, request }: Verdict): Decision {
  return {
    effect: "ImplicitDeny",
    policy: policies.length === 1 ? { type, index: offset } : { type },
    reason: escapeControls(
      policies.length === 0
        ? `there is no ${name}, so nothing allows ${request.action}`
        : `${name}: ${explainNoAllow(candidates, request)}`,
    ),
  };
}
