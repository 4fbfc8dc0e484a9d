import { matchAction } from "./match-action.ts";
import type { Condition } from "./match-condition.ts";
import { matchCondition } from "./match-condition.ts";
import { matchPrincipal } from "./match-principal.ts";
import { matchResource } from "./match-resource.ts";
import type { PolicyDocument, Statement } from "./policy-document.ts";
import type { PolicyRequest } from "./policy-request.ts";
import type { RequestContext } from "./request-context.ts";

/** Says why nothing allows a request: what keeps the closest Allow statement from applying. */
export function explainImplicitDeny(
  policy: PolicyDocument,
  request: PolicyRequest,
  context: RequestContext,
): string {
  const candidates = policy.statements
    .filter((statement) => statement.effect === "Allow")
    .map((statement) => ({ statement, obstacles: findObstacles(statement, request, context) }))
    .sort((a, b) => distance(a.obstacles) - distance(b.obstacles));
  const [closest] = candidates;
  if (closest === undefined) return `no statement allows ${request.action}: none has Effect Allow`;
  const reasons = closest.obstacles.map((obstacle) => obstacle.text).join(", and ");
  return `${labelOf(closest.statement)} would allow ${request.action} but ${reasons}`;
}

export function labelOf(statement: Statement): string {
  const name = statement.sid === undefined || statement.sid === "" ? "" : ` "${statement.sid}"`;
  return `statement ${statement.index}${name}`;
}

interface Obstacle {
  /** How far it keeps a statement from being the one that was meant. */
  readonly weight: number;
  readonly text: string;
}

function distance(obstacles: readonly Obstacle[]): number {
  return obstacles.reduce((sum, obstacle) => sum + obstacle.weight, 0);
}

function findObstacles(statement: Statement, request: PolicyRequest, context: RequestContext): Obstacle[] {
  const { action, principal, resource, conditions, effect } = statement;
  const obstacles: Obstacle[] = [];
  if (!matchAction(action, request.action)) {
    const element = action.negated ? "NotAction" : "Action";
    obstacles.push({
      weight: 1_000_000,
      text: expected(element, action.sources, action.negated, request.action),
    });
  }
  if (principal !== undefined && matchPrincipal(principal, request.principal, effect) === undefined) {
    const element = principal.negated ? "NotPrincipal" : "Principal";
    const named = principal.everyone ? ["*"] : principal.entries.map(({ type, id }) => `${type} ${id}`);
    const actual =
      request.principal === undefined ? undefined : `${request.principal.type} ${request.principal.id}`;
    obstacles.push({ weight: 10_000, text: expected(element, named, principal.negated, actual) });
  }
  if (resource !== undefined && !matchResource(resource, request.resource, effect, context)) {
    const element = resource.negated ? "NotResource" : "Resource";
    const patterns = resource.patterns.map((pattern) => pattern.source);
    obstacles.push({ weight: 100, text: expected(element, patterns, resource.negated, request.resource) });
  }
  for (const condition of conditions) {
    if (!matchCondition(condition, effect, context)) {
      obstacles.push({ weight: 1, text: explainCondition(condition, context) });
    }
  }
  return obstacles;
}

function explainCondition(condition: Condition, context: RequestContext): string {
  const values = context.get(condition.key)?.values;
  const actual = values === undefined ? undefined : list(values);
  return expected(`${condition.operator} ${condition.key}`, condition.expected, false, actual);
}

function expected(
  what: string,
  values: readonly string[],
  negated: boolean,
  actual: string | undefined,
): string {
  const has = actual === undefined ? "has none" : `has ${actual}`;
  return `${what} ${negated ? "excludes" : "expected"} ${list(values)} and the request ${has}`;
}

function list(values: readonly string[]): string {
  return values.length === 1 ? quoteEmpty(values[0] ?? "") : `[${values.map(quoteEmpty).join(", ")}]`;
}

function quoteEmpty(value: string): string {
  return value === "" ? '""' : value;
}
