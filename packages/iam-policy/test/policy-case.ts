import type { Decision, PolicyKind, PolicyRequest } from "../src/index.ts";

const GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";

/** Pages of the IAM User Guide whose rules the cases state. */
export const PAGES = {
  action: `${GUIDE}reference_policies_elements_action.html`,
  boundaries: `${GUIDE}access_policies_boundaries.html`,
  condition: `${GUIDE}reference_policies_elements_condition.html`,
  crossAccount: `${GUIDE}reference_policies_evaluation-logic-cross-account.html`,
  effect: `${GUIDE}reference_policies_elements_effect.html`,
  enforcement: `${GUIDE}reference_policies_evaluation-logic_policy-eval-denyallow.html`,
  grammar: `${GUIDE}reference_policies_grammar.html`,
  identifiers: `${GUIDE}reference_identifiers.html`,
  logic: `${GUIDE}reference_policies_evaluation-logic.html`,
  multipleValues: `${GUIDE}reference_policies_condition-logic-multiple-context-keys-or-values.html`,
  multivaluedKeys: `${GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html`,
  multivaluedExamples: `${GUIDE}reference_policies_condition_examples-multi-valued-context-keys.html`,
  notAction: `${GUIDE}reference_policies_elements_notaction.html`,
  notPrincipal: `${GUIDE}reference_policies_elements_notprincipal.html`,
  notResource: `${GUIDE}reference_policies_elements_notresource.html`,
  operators: `${GUIDE}reference_policies_elements_condition_operators.html`,
  principal: `${GUIDE}reference_policies_elements_principal.html`,
  resource: `${GUIDE}reference_policies_elements_resource.html`,
  singleAccount: `${GUIDE}reference_policies_evaluation-logic_policy-eval-basics.html`,
  variables: `${GUIDE}reference_policies_variables.html`,
  version: `${GUIDE}reference_policies_elements_version.html`,
  trust: "https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html",
  /** No page says; the case states the choice that does not allow. */
  undocumented: "undocumented: the choice that does not allow",
} as const;

export interface PolicyCase {
  readonly name: string;
  readonly source: string;
  readonly policy: object;
  readonly kind?: PolicyKind;
  readonly request: PolicyRequest;
  readonly expected: Decision["effect"];
}

export const ALLOW = "Allow";
export const DENY = "ExplicitDeny";
export const IMPLICIT = "ImplicitDeny";

/** A document of the current version. */
export function policy(...statements: readonly object[]): object {
  return { Version: "2012-10-17", Statement: statements };
}
