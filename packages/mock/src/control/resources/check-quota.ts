import { validationError } from "../../errors/service-error.ts";

/**
 * Refuses a creation beyond a quota.
 *
 * @param what plural name of what is counted
 * @param count how many there are
 * @param limit how many there may be
 * @throws {ServiceError} 400
 * @see https://docs.aws.amazon.com/general/latest/gr/rolesanywhere.html
 */
export function checkQuota(what: string, count: number, limit: number): void {
  if (count >= limit) throw validationError(`Limit of ${limit} ${what} exceeded`);
}
