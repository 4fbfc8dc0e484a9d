import { matchAction } from "./match-action.ts";
import { matchCondition } from "./match-condition.ts";
import { matchPrincipal } from "./match-principal.ts";
import type { PrincipalMatch } from "./match-principal.ts";
import { matchResource } from "./match-resource.ts";
import type { Statement } from "./policy-document.ts";
import type { PolicyRequest } from "./policy-request.ts";
import type { RequestContext } from "./request-context.ts";

/** How a statement names the principal; `bearer` when it is in a policy attached to the principal itself. */
export type StatementMatch = PrincipalMatch | "bearer";

/** A request, prepared for matching with many statements. */
export interface PreparedRequest extends Omit<PolicyRequest, "context"> {
  readonly context: RequestContext;
  /**
   * Whether the policy is attached to the principal, so that a statement without `Principal` is about whoever
   * makes the request. Elsewhere such a statement allows nobody; a Deny without `Principal` still denies.
   */
  readonly attachedToPrincipal: boolean;
}

/** @returns `undefined` when the statement does not apply to the request */
export function matchStatement(statement: Statement, request: PreparedRequest): StatementMatch | undefined {
  const { effect, action, resource, conditions } = statement;
  if (!matchAction(action, request.action)) return undefined;
  const match = matchStatementPrincipal(statement, request);
  if (match === undefined) return undefined;
  if (resource !== undefined && !matchResource(resource, request.resource, effect, request.context)) {
    return undefined;
  }
  return conditions.every((condition) => matchCondition(condition, effect, request.context))
    ? match
    : undefined;
}

/** The part of {@link matchStatement} that looks at the principal. */
export function matchStatementPrincipal(
  statement: Statement,
  request: PreparedRequest,
): StatementMatch | undefined {
  const { effect, principal } = statement;
  if (principal !== undefined) return matchPrincipal(principal, request.principal, effect);
  return request.attachedToPrincipal || effect === "Deny" ? "bearer" : undefined;
}
