import type { z } from "zod";
import { ServiceError, validationError } from "../errors/service-error.ts";

type Issue = z.core.$ZodIssue;

/**
 * Reads an operation's input, and refuses it with AWS's messages: first for a value of a wrong JSON type
 * (`SerializationException`), then for all broken constraints together (`ValidationException`).
 *
 * @param shape the input structure of the operation
 * @param members its members by name; `null` counts as absent
 */
export function readMembers<T extends z.ZodType>(shape: T, members: Record<string, unknown>): z.infer<T> {
  const result = shape.safeParse(withoutNulls(members), { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues;
  const isAbsent = ({ input }: Issue): boolean => input === undefined || input === null;
  const wrongType = issues.find((issue) => !isConstraint(issue) && !isAbsent(issue));
  if (wrongType !== undefined) throw serializationError(wrongType);
  if (issues.some((issue) => issue.code === "custom" && issue.params?.["notBase64"] === true)) {
    throw new ServiceError("SerializationException", "Invalid base64 data");
  }
  throw constraintError(...issues.map(toFailure));
}

/** Whether the value has the right type, but breaks a constraint. */
function isConstraint({ code, input }: Issue): boolean {
  return code === "custom" || (code === "invalid_value" && typeof input === "string");
}

function toFailure(issue: Issue): ConstraintFailure {
  const at = memberPath(issue.path);
  if (issue.code === "custom") return { at, constraint: issue.message, value: issue.params?.["value"] };
  if (issue.code !== "invalid_value" || !isConstraint(issue)) return mustNotBeNull(at);
  const constraint = `Member must satisfy enum value set: [${issue.values.join(", ")}]`;
  return { at, constraint, value: issue.input };
}

/** `tags.1.member.key`: list positions count from 1. */
function memberPath(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === "number" ? `${step + 1}.member` : String(step))).join(".");
}

function serializationError(issue: Issue): ServiceError {
  const { input } = issue;
  const expected =
    issue.code === "invalid_value" ? "string" : issue.code === "invalid_type" ? issue.expected : "";
  const message =
    typeof input === "object"
      ? `Start of ${Array.isArray(input) ? "list" : "structure or map"} found where not expected.`
      : `${tokenName(input)} can not be converted to ${TYPE_NAMES[expected] ?? "a Structure"}`;
  return new ServiceError("SerializationException", message);
}

const TYPE_NAMES: Partial<Record<string, string>> = {
  string: "a String",
  int: "an Integer",
  number: "an Integer",
  boolean: "a Boolean",
  array: "a List",
};

function tokenName(value: unknown): string {
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  if (typeof value === "number") return Number.isInteger(value) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  return "STRING_VALUE";
}

/** The value without members that are `null`. Its depth was bounded when it was parsed. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutNulls);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}

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
