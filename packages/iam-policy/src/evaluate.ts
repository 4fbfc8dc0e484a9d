import { explainNoAllow } from "./explain.ts";
import { matchStatement } from "./match-statement.ts";
import type { PreparedRequest } from "./match-statement.ts";
import { labelOf, nameOf } from "./policy-document.ts";
import type { PolicyDocument, Statement } from "./policy-document.ts";
import type { Decision, PolicyRequest } from "./policy-request.ts";
import { readContext } from "./request-context.ts";

export { evaluateAll } from "./combine.ts";
export type { PolicySet } from "./combine.ts";
export { parsePolicyDocument } from "./parse-policy.ts";
export type { ParseOptions } from "./parse-policy.ts";
export { PolicyError } from "./policy-error.ts";
export type { PolicyErrorCode } from "./policy-error.ts";
export type { PolicyDocument, PolicyKind } from "./policy-document.ts";
export type { Decision, PolicyRequest } from "./policy-request.ts";
export type { Principal, PrincipalType } from "./match-principal.ts";
export type { ContextRecord } from "./request-context.ts";

/**
 * Decides a request by one policy: an explicit deny wins over any allow, and what nothing allows is denied.
 * The order of the statements does not matter.
 *
 * A policy that was parsed without `kind` can be of any. So that a trust policy whose `Principal` was
 * forgotten does not let everybody in, an Allow without `Principal` then applies only to requests that name
 * no principal either.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicy(policy: PolicyDocument, request: PolicyRequest): Decision {
  const prepared: PreparedRequest = {
    ...request,
    context: readContext(request.context),
    attachedToPrincipal: isAttachedToPrincipal(policy, request),
  };
  let allowed: Statement | undefined;
  for (const statement of policy.statements) {
    // Once one statement allows, only a denial can change the result.
    if (statement.effect === "Allow" && allowed !== undefined) continue;
    if (matchStatement(statement, prepared) === undefined) continue;
    if (statement.effect === "Deny") return decide("ExplicitDeny", statement, request);
    allowed = statement;
  }
  if (allowed !== undefined) return decide("Allow", allowed, request);
  const candidates = policy.statements.map((statement) => ({ statement, label: labelOf(statement) }));
  return { effect: "ImplicitDeny", reason: explainNoAllow(candidates, prepared) };
}

function isAttachedToPrincipal(policy: PolicyDocument, request: PolicyRequest): boolean {
  if (policy.kind === undefined) return request.principal === undefined;
  return policy.kind === "identity" || policy.kind === "session";
}

function decide(effect: "Allow" | "ExplicitDeny", statement: Statement, request: PolicyRequest): Decision {
  const verb = effect === "Allow" ? "allows" : "explicitly denies";
  const target = request.resource === undefined ? "" : ` on ${request.resource}`;
  return {
    effect,
    statement: nameOf(statement),
    reason: `${labelOf(statement)} ${verb} ${request.action}${target}`,
  };
}
