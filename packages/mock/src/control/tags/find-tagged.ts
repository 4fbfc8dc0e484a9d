import type { Tag } from "../../state/records.ts";
import { findByArn } from "../../state/resource-arn.ts";
import type { State } from "../../state/state.ts";
import { notFound } from "../../errors/service-error.ts";

/**
 * Finds the resource whose tags an ARN names: a trust anchor, profile, CRL or subject, not an alias.
 *
 * @throws {ServiceError} 404
 */
export function findTagged(state: State, arn: string): { tags?: Tag[] | undefined } {
  const found =
    findByArn(state, "trust-anchor", state.trustAnchors, arn) ??
    findByArn(state, "profile", state.profiles, arn) ??
    findByArn(state, "crl", state.crls, arn) ??
    findByArn(state, "subject", state.subjects, arn);
  if (found === undefined) throw notFound(`Resource ${arn} was not found.`);
  return found;
}
