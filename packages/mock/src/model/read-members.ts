import type { z } from "zod";
import { ServiceError } from "../errors/service-error.ts";
import { constraintError, mustNotBeNull } from "./constraint-failure.ts";
import type { ConstraintFailure } from "./constraint-failure.ts";

type Issue = z.core.$ZodIssue;

/**
 * Reads an operation's input, and refuses it with AWS's messages: first for a value of a wrong JSON type
 * (`SerializationException`), then for all broken constraints together (`ValidationException`).
 *
 * @param shape the input structure of the operation
 * @param members its members by name; `null` counts as absent
 * @throws {ServiceError} 400
 */
export function readMembers<T extends z.ZodType>(shape: T, members: Record<string, unknown>): z.infer<T> {
  const result = shape.safeParse(withoutNulls(members), { reportInput: true });
  if (result.success) return result.data;
  const issues = result.error.issues;
  const wrongType = issues.find(
    (issue) => issue.code !== "custom" && issue.input !== undefined && issue.input !== null,
  );
  if (wrongType !== undefined) throw serializationError(wrongType);
  if (issues.some((issue) => issue.code === "custom" && issue.params?.["notBase64"] === true)) {
    throw new ServiceError("SerializationException", "Invalid base64 data");
  }
  throw constraintError(...issues.map(toFailure));
}

function toFailure(issue: Issue): ConstraintFailure {
  const at = memberPath(issue.path);
  if (issue.code !== "custom") return mustNotBeNull(at);
  return { at, constraint: issue.message, value: issue.params?.["value"] };
}

/** `tags.1.member.key`: list positions count from 1. */
function memberPath(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === "number" ? `${step + 1}.member` : String(step))).join(".");
}

function serializationError(issue: Issue): ServiceError {
  const { input } = issue;
  const expected = issue.code === "invalid_type" ? issue.expected : "structure";
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
