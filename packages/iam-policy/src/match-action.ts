import { compileGlob, matchGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";

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
