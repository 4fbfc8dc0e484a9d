import { matchCondition } from "./condition.ts";
import type { Condition } from "./condition.ts";
import { escapeControls } from "./policy-grammar.ts";
import type { Effect } from "./policy-grammar.ts";
import { hasVariables, resolveTemplate } from "./policy-variables.ts";
import type { TemplatePiece } from "./policy-variables.ts";
import type { RequestContext } from "./request.ts";
import { matchAction, matchResource, matchStatement, matchStatementPrincipal } from "./statement.ts";
import type { PreparedRequest, Statement } from "./statement.ts";

/** Whether one statement applies to a request and, if not, why. */
export interface StatementExplanation {
  /** Position in the policy, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: Effect;
  readonly applies: boolean;
  /** Why the statement does not apply. Each phrase names the element, what it expects and what the request has. */
  readonly obstacles: readonly string[];
}

/** Tells whether a statement applies and, if not, what is missing. */
export function explainStatement(statement: Statement, request: PreparedRequest): StatementExplanation {
  const { index, sid, effect } = statement;
  const applies = matchStatement(statement, request) !== undefined;
  const obstacles = applies ? [] : findObstacles(statement, request).map(({ text }) => escapeControls(text));
  return { index, sid, effect, applies, obstacles };
}

export interface Candidate {
  readonly statement: Statement;
  /** The name of the statement in a sentence, such as `identity policy, statement 0 "ReadReports"`. */
  readonly label: string;
}

/** Says why no statement allows a request: what keeps the closest Allow from applying. */
export function explainNoAllow(candidates: readonly Candidate[], request: PreparedRequest): string {
  const [closest] = candidates
    .filter(({ statement }) => statement.effect === "Allow")
    .map(({ statement, label }) => ({ label, obstacles: findObstacles(statement, request) }))
    .sort((a, b) => distance(a.obstacles) - distance(b.obstacles));
  if (closest === undefined) return `no statement has Effect Allow, so nothing allows ${request.action}`;
  const [first] = closest.obstacles;
  if (first?.element === "action") {
    return `no statement allows ${request.action}; the closest, ${closest.label}, ${first.text}`;
  }
  const reasons = closest.obstacles.map((obstacle) => obstacle.text).join("; and ");
  return `${closest.label} would allow ${request.action} but ${reasons}`;
}

interface Obstacle {
  readonly element: "action" | "principal" | "resource" | "condition";
  readonly text: string;
}

/** How far each obstacle puts a statement from applying. A wrong action counts more than all other obstacles together. */
const WEIGHT = { action: 1e9, principal: 1e6, resource: 1e3, condition: 1 } as const;

function distance(obstacles: readonly Obstacle[]): number {
  return obstacles.reduce((sum, obstacle) => sum + WEIGHT[obstacle.element], 0);
}

function findObstacles(statement: Statement, request: PreparedRequest): readonly Obstacle[] {
  const { action, resource, conditions, effect } = statement;
  const obstacles: Obstacle[] = [];
  if (!matchAction(action, request.action)) {
    const element = action.negated ? "NotAction" : "Action";
    obstacles.push({ element: "action", text: `has ${element} ${list(action.sources)}` });
  }
  if (matchStatementPrincipal(statement, request) === undefined) {
    obstacles.push({ element: "principal", text: explainPrincipal(statement, request) });
  }
  if (resource !== undefined && !matchResource(resource, request.resource, effect, request.context)) {
    const patterns = resource.patterns.map(({ source, template }) => show(source, template, request.context));
    const actual = request.resource ?? "no resource (*)";
    const what = resource.negated ? "NotResource excludes" : "Resource expected";
    obstacles.push({ element: "resource", text: `${what} ${list(patterns)} and the request has ${actual}` });
  }
  for (const condition of conditions) {
    if (!matchCondition(condition, effect, request.context)) {
      obstacles.push({ element: "condition", text: explainCondition(condition, request.context) });
    }
  }
  return obstacles;
}

function explainPrincipal({ principal }: Statement, request: PreparedRequest): string {
  const actual =
    request.principal === undefined
      ? "is anonymous"
      : `has ${request.principal.type} ${request.principal.id}`;
  if (principal === undefined) return `it has no Principal and the request ${actual}`;
  const named = principal.everyone ? ["*"] : principal.entries.map(({ type, id }) => `${type} ${id}`);
  const what = principal.negated ? "NotPrincipal excludes" : "Principal expected";
  return `${what} ${list(named)} and the request ${actual}`;
}

function explainCondition(condition: Condition, context: RequestContext): string {
  const values = context.get(condition.key)?.values;
  const actual = values === undefined ? "has no such key" : `has ${list(values)}`;
  const expected =
    condition.kind === "null"
      ? condition.absent.map((absent) => (absent ? "no such key" : "the key"))
      : condition.values.map(({ template }, index) =>
          show(condition.expected[index] ?? "", template, context),
        );
  const none = condition.kind === "values" && condition.base.negated ? "none of " : "";
  return `${condition.operator} ${condition.key} expected ${none}${list(expected)} and the request ${actual}`;
}

/** Shows a policy string as it is written and, when it has variables, with the values that the request gives them. */
function show(source: string, template: readonly TemplatePiece[], context: RequestContext): string {
  if (!hasVariables(template)) return source;
  const pieces = resolveTemplate(template, context);
  if (typeof pieces === "string") return `${source} (a variable without a single value in the request)`;
  return `${pieces.map((piece) => piece.text).join("")} (from ${source})`;
}

function list(values: readonly string[]): string {
  const shown = values.map((value) => (value === "" ? '""' : value));
  return shown.length === 1 ? shown.join("") : `[${shown.join(", ")}]`;
}
