import type { Tag } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { resourceArn } from "../resources/find-resource.ts";
import { notFound } from "../service-error.ts";

/**
 * Finds the resource whose tags an ARN names: a trust anchor, profile, CRL or subject, not an alias.
 *
 * @throws {ServiceError} 404
 */
export function findTagged(state: State, arn: string): { tags?: Tag[] | undefined } {
  const found =
    find(state, "trust-anchor", state.trustAnchors, arn) ??
    find(state, "profile", state.profiles, arn) ??
    find(state, "crl", state.crls, arn) ??
    find(state, "subject", state.subjects, arn);
  if (found === undefined) throw notFound(`Resource ${arn} was not found.`);
  return found;
}

function find<T>(
  state: State,
  type: Parameters<typeof resourceArn>[1],
  resources: ReadonlyMap<string, T>,
  arn: string,
): T | undefined {
  const prefix = resourceArn(state, type, "");
  return arn.startsWith(prefix) ? resources.get(arn.slice(prefix.length)) : undefined;
}
