import { Token } from "aws-cdk-lib/core";
import { InfraError } from "../errors.ts";

const RESOURCE_NAME = /^[ a-zA-Z0-9\-_]{1,255}$/;

/**
 * Checks the name of a trust anchor or profile against the pattern of the service model.
 *
 * @param property the property that carries the name, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the service would refuse the name
 */
export function resourceName(property: string, name: string): string {
  if (Token.isUnresolved(name) || RESOURCE_NAME.test(name)) {
    return name;
  }
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} is ${JSON.stringify(name)}, which Roles Anywhere refuses; use 1 to 255 letters, digits, spaces, "-" and "_".`,
  );
}
