import { Refusal } from "../errors/refusal.ts";

/** One broken constraint of a request parameter. */
export interface Violation {
  readonly parameter: string;
  /** As shown in the message; `undefined` for a parameter that is missing. */
  readonly value: string | undefined;
  /** For example `Member must have value less than or equal to 43200`. */
  readonly constraint: string;
}

/**
 * The answer to broken constraints, in the words of AWS's request validation framework.
 *
 * @param violations at least one
 */
export function validationRefusal(violations: readonly Violation[]): Refusal {
  const texts = violations.map(
    ({ parameter, value, constraint }) =>
      `Value ${value === undefined ? "null" : `'${value}'`} at '${parameter}' failed to satisfy constraint: ${constraint}`,
  );
  const count = `${texts.length} validation error${texts.length === 1 ? "" : "s"} detected`;
  return new Refusal("PARAMETER_INVALID", "ValidationException", `${count}: ${texts.join("; ")}`, {
    expected: violations.map(({ parameter, constraint }) => `${parameter}: ${constraint}`).join("; "),
    received: violations.map(({ parameter, value }) => `${parameter}=${value ?? "(absent)"}`).join("; "),
    remedy: "correct the parameters; they may stand in the query or in the JSON body",
  });
}
