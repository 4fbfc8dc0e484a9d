import { matchCondition } from "./condition.ts";
import type { Condition } from "./condition.ts";
import { escapeControls } from "./policy-grammar.ts";
import type { Effect } from "./policy-grammar.ts";
import { constantPieces, hasVariables, resolveTemplate } from "./policy-variables.ts";
import type { TemplatePiece } from "./policy-variables.ts";
import { matchPrincipal } from "./principal.ts";
import type { PrincipalElement, PrincipalMatch } from "./principal.ts";
import type { PolicyRequest, RequestContext } from "./request.ts";
import { compileArnGlob, compileGlob, matchGlob } from "./wildcard.ts";
import type { Glob } from "./wildcard.ts";

/** A statement of a parsed policy. */
export interface Statement {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: Effect;
  readonly principal: PrincipalElement | undefined;
  readonly action: ActionElement;
  readonly resource: ResourceElement | undefined;
  /** All of them must hold. */
  readonly conditions: readonly Condition[];
}

/** The name of a statement in a sentence, control characters escaped: `statement 0 "AllowRolesAnywhere"`. */
export function labelOf(statement: Statement): string {
  const name =
    statement.sid === undefined || statement.sid === "" ? "" : ` "${escapeControls(statement.sid)}"`;
  return `statement ${statement.index}${name}`;
}

/** The name of a statement in a decision: its `Sid`, or its position when it has none. */
export function nameOf(statement: Statement): string | number {
  return statement.sid === undefined || statement.sid === "" ? statement.index : statement.sid;
}

/** An `Action` or `NotAction` element. */
export interface ActionElement {
  readonly negated: boolean;
  /** As written. */
  readonly sources: readonly string[];
  readonly globs: readonly Glob[];
}

export function compileAction(sources: readonly string[], negated: boolean): ActionElement {
  return {
    negated,
    sources,
    globs: sources.map((source) => compileGlob([{ text: source.toLowerCase(), literal: false }])),
  };
}

/**
 * Prefix and name of an action are case-insensitive: `iam:ListAccessKeys` is the same as `IAM:listaccesskeys`.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
 */
export function matchAction(element: ActionElement, action: string): boolean {
  const name = action.toLowerCase();
  return element.globs.some((glob) => matchGlob(glob, name)) !== element.negated;
}

/** A `Resource` or `NotResource` element. */
export interface ResourceElement {
  readonly negated: boolean;
  readonly patterns: readonly ResourcePattern[];
}

export interface ResourcePattern {
  /** As written. */
  readonly source: string;
  readonly template: readonly TemplatePiece[];
  /** Undefined when the pattern has variables. */
  readonly glob: Glob | undefined;
}

export function compileResourcePattern(source: string, template: readonly TemplatePiece[]): ResourcePattern {
  const glob = hasVariables(template) ? undefined : compileArnGlob(constantPieces(template));
  return { source, template, glob };
}

/**
 * Whether a statement covers a resource. The resource of an action without resources, such as `s3:ListAllMyBuckets`, is
 * `*`. Only a pattern that matches everything covers it.
 *
 * A pattern whose variable has no value "will not match any resource". For `NotResource` the guide does not say whether
 * the pattern or the statement matches nothing. Here an Allow does not apply then, and a Deny does.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchResource(
  element: ResourceElement,
  resource: string | undefined,
  effect: Effect,
  context: RequestContext,
): boolean {
  const value = resource ?? "*";
  const unresolved = element.negated && effect === "Allow";
  const covered = element.patterns.some((pattern) => covers(pattern, value, context) ?? unresolved);
  return covered !== element.negated;
}

function covers(pattern: ResourcePattern, resource: string, context: RequestContext): boolean | undefined {
  if (pattern.glob !== undefined) return matchGlob(pattern.glob, resource);
  const pieces = resolveTemplate(pattern.template, context);
  return typeof pieces === "string" ? undefined : matchGlob(compileArnGlob(pieces), resource);
}

/** How a statement covers the principal; `bearer` when its policy is attached to the principal. */
export type StatementMatch = PrincipalMatch | "bearer";

/** A request, prepared for matching with many statements. */
export interface PreparedRequest extends Pick<PolicyRequest, "action" | "resource" | "principal"> {
  readonly context: RequestContext;
  /**
   * Whether the policy is attached to the principal. A statement without `Principal` then applies to that principal. In
   * other policies an Allow without `Principal` allows nobody, and a Deny without `Principal` denies everybody.
   */
  readonly attachedToPrincipal: boolean;
  /** Whether the principal has a permissions boundary. */
  readonly hasBoundary: boolean;
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
  if (principal !== undefined)
    return matchPrincipal(principal, request.principal, effect, request.hasBoundary);
  return request.attachedToPrincipal || effect === "Deny" ? "bearer" : undefined;
}
