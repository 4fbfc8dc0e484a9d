import type { Effect } from "./effect.ts";
import type { ActionElement } from "./match-action.ts";
import type { Condition } from "./match-condition.ts";
import type { PrincipalElement } from "./match-principal.ts";
import type { ResourceElement } from "./match-resource.ts";
import type { PolicyVersion } from "./policy-variables.ts";

/**
 * What a policy is attached to, which decides the elements that it must and must not have. `session` is a
 * policy passed to STS or held by a profile; `trust` says who can assume a role.
 */
export type PolicyKind = "identity" | "session" | "resource" | "trust";

/** A parsed policy, ready to be evaluated any number of times. Made by `parsePolicyDocument` only. */
export interface PolicyDocument {
  readonly version: PolicyVersion;
  readonly id?: string;
  /** As given to the parser; absent when it was not told. */
  readonly kind?: PolicyKind;
  readonly statements: readonly Statement[];
}

export interface Statement {
  /** Position in the document, from 0. */
  readonly index: number;
  readonly sid?: string;
  readonly effect: Effect;
  readonly principal?: PrincipalElement;
  readonly action: ActionElement;
  readonly resource?: ResourceElement;
  /** All must hold. */
  readonly conditions: readonly Condition[];
}

/** `statement 0 "AllowRolesAnywhere"` */
export function labelOf(statement: Statement): string {
  const name = statement.sid === undefined || statement.sid === "" ? "" : ` "${statement.sid}"`;
  return `statement ${statement.index}${name}`;
}

/** The name of a statement in a decision: its `Sid`, or its position when it has none. */
export function nameOf(statement: Statement): string | number {
  return statement.sid === undefined || statement.sid === "" ? statement.index : statement.sid;
}
