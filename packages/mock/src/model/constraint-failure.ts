import { validationError } from "../errors/service-error.ts";
import type { ServiceError } from "../errors/service-error.ts";

/** A constraint that a member's value breaks; without `value` the value stays out of the message. */
export interface ConstraintFailure {
  /** Path of the member: `source.sourceType`, `tags.1.member.key`. */
  at: string;
  constraint: string;
  value?: unknown;
}

/** The `ValidationException` that lists broken constraints the way AWS does. */
export function constraintError(...failures: readonly ConstraintFailure[]): ServiceError {
  const heading =
    failures.length === 1 ? "1 validation error detected" : `${failures.length} validation errors detected`;
  return validationError(`${heading}: ${failures.map(describe).join("; ")}`);
}

/** The failure of a required member that is absent. */
export function mustNotBeNull(at: string): ConstraintFailure {
  return { at, constraint: "Member must not be null", value: null };
}

function describe(failure: ConstraintFailure): string {
  return `${subject(failure)} at '${failure.at}' failed to satisfy constraint: ${failure.constraint}`;
}

function subject({ value }: ConstraintFailure): string {
  if (value === undefined) return "Value";
  return value === null ? "Value null" : `Value '${shown(value)}'`;
}

/** A value as AWS's messages print it. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => `${key}=${shown(member)}`);
  return `{${members.join(", ")}}`;
}
