import { InfraError } from "./errors.ts";

/**
 * Checks that an option is a list, when it is given. TypeScript checks it as well, but a caller in JavaScript may pass one
 * text, whose letters would count as entries.
 *
 * @param property the name of the property, for the message
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when it is anything else than a list or undefined
 */
export function optionalList<T extends readonly unknown[] | undefined>(property: string, value: T): T {
  if (value === undefined || Array.isArray(value)) return value;
  throw new InfraError(
    "ERR_INFRA_OPTION_INVALID",
    `${property} is ${JSON.stringify(value)}, which is no list; give a list, for example [${typeof value === "string" ? JSON.stringify(value) : "…"}].`,
  );
}
