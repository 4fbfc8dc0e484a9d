import { explainImplicitDeny, labelOf } from "./explain.ts";
import { matchAction } from "./match-action.ts";
import { matchCondition } from "./match-condition.ts";
import { matchPrincipal } from "./match-principal.ts";
import type { PrincipalMatch } from "./match-principal.ts";
import { matchResource } from "./match-resource.ts";
import type { PolicyDocument, Statement } from "./policy-document.ts";
import type { Decision, PolicyRequest } from "./policy-request.ts";
import { readContext } from "./request-context.ts";
import type { RequestContext } from "./request-context.ts";

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
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluatePolicy(policy: PolicyDocument, request: PolicyRequest): Decision {
  const context = readContext(request.context);
  let allowed: Statement | undefined;
  for (const statement of policy.statements) {
    // Once one statement allows, only a denial can change the result.
    if (statement.effect === "Allow" && allowed !== undefined) continue;
    if (matchStatement(statement, request, context) === undefined) continue;
    if (statement.effect === "Deny") return decide("ExplicitDeny", statement, request);
    allowed = statement;
  }
  if (allowed !== undefined) return decide("Allow", allowed, request);
  return { effect: "ImplicitDeny", reason: explainImplicitDeny(policy, request, context) };
}

function decide(effect: "Allow" | "ExplicitDeny", statement: Statement, request: PolicyRequest): Decision {
  const verb = effect === "Allow" ? "allows" : "explicitly denies";
  const target = request.resource === undefined ? "" : ` on ${request.resource}`;
  return {
    effect,
    statement: statement.sid === undefined || statement.sid === "" ? statement.index : statement.sid,
    reason: `${labelOf(statement)} ${verb} ${request.action}${target}`,
  };
}

/** How a statement names the principal; `unnamed` when it has no principal element, as in identity policies. */
export type StatementMatch = PrincipalMatch | "unnamed";

/** @returns `undefined` when the statement does not apply to the request */
export function matchStatement(
  statement: Statement,
  request: PolicyRequest,
  context: RequestContext,
): StatementMatch | undefined {
  const { effect, principal, action, resource, conditions } = statement;
  if (!matchAction(action, request.action)) return undefined;
  const named = principal === undefined ? "unnamed" : matchPrincipal(principal, request.principal, effect);
  if (named === undefined) return undefined;
  if (resource !== undefined && !matchResource(resource, request.resource, effect, context)) return undefined;
  return conditions.every((condition) => matchCondition(condition, effect, context)) ? named : undefined;
}
