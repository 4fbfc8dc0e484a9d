import { Token } from "aws-cdk-lib/core";
import { ARN_PATTERNS, ARN_SHAPES } from "../arns.ts";
import { InfraError } from "../errors.ts";
import { optionalList } from "../list.ts";

const RESOURCE_NAME = /^[ a-zA-Z0-9\-_]{1,255}$/;
const MINIMUM_SECONDS = 900;
const MAXIMUM_SECONDS = 43_200;

/** Default session duration of a profile in seconds, the same as the service's default. */
export const DEFAULT_SESSION_DURATION_SECONDS = 3600;

/**
 * Returns a required property. TypeScript checks that it is given, but a caller in JavaScript, or one who reads an
 * environment variable, may pass undefined.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the value is undefined or null
 */
export function required<T>(property: string, value: T | undefined | null, remedy: string): T {
  if (value === undefined || value === null) {
    throw new InfraError("ERR_INFRA_OPTION_INVALID", `${property} is ${String(value)}; ${remedy}.`);
  }
  return value;
}

/**
 * Checks that an ARN is of the kind that its property needs. An ARN that only CloudFormation knows is not checked.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is missing or of another kind
 */
export function arnOfKind(
  property: string,
  arn: string | undefined | null,
  kind: keyof typeof ARN_PATTERNS,
): string {
  const given = required(property, arn, `give an ARN like ${ARN_SHAPES[kind]}`);
  if (Token.isUnresolved(given) || ARN_PATTERNS[kind].test(given)) return given;
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} is ${JSON.stringify(given)}; give an ARN like ${ARN_SHAPES[kind]}.`,
  );
}

/**
 * Checks the name of a trust anchor or profile against the pattern of the service model.
 *
 * @param property the property that carries the name, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the service would refuse the name
 */
export function resourceName(property: string, name: string): string {
  if (Token.isUnresolved(name) || RESOURCE_NAME.test(name)) return name;
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} is ${JSON.stringify(name)}, which Roles Anywhere refuses; use 1 to 255 letters, digits, spaces, "-" and "_".`,
  );
}

/**
 * Checks that a list has at least one entry and not more than the service takes. A list that only CloudFormation knows
 * is not checked.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is missing or no list, or has too few or too many entries
 */
export function listOf<T>(property: string, list: readonly T[] | undefined, maximum: number): readonly T[] {
  const given = required(
    property,
    optionalList(property, list ?? undefined),
    `give a list of 1 to ${maximum} entries`,
  );
  if (Token.isUnresolved(given) || (given.length > 0 && given.length <= maximum)) return given;
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} has ${given.length} entries; it takes 1 to ${maximum}.`,
  );
}

/**
 * Checks a whole number against the range of the service. A number that only CloudFormation knows is not checked.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is no whole number from `minimum` to `maximum`
 */
export function wholeNumber(property: string, value: number, minimum: number, maximum: number): number {
  if (Token.isUnresolved(value) || (Number.isInteger(value) && value >= minimum && value <= maximum)) {
    return value;
  }
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} is ${value}; use a whole number from ${minimum} to ${maximum}.`,
  );
}

/**
 * Checks a session duration against the range of the service, 900 to 43200 whole seconds. A duration that only
 * CloudFormation knows is not checked.
 *
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is outside that range
 */
export function sessionDuration(durationSeconds: number): number {
  if (Token.isUnresolved(durationSeconds)) return durationSeconds;
  if (
    !Number.isInteger(durationSeconds) ||
    durationSeconds < MINIMUM_SECONDS ||
    durationSeconds > MAXIMUM_SECONDS
  ) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      `The session duration is ${durationSeconds} seconds; use a whole number from ${MINIMUM_SECONDS} (15 minutes) ` +
        `to ${MAXIMUM_SECONDS} (12 hours).`,
    );
  }
  return durationSeconds;
}
