import type { TrustAnchorRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { findResource } from "../resources/find-resource.ts";

/**
 * @param identifier id, ARN or alias ARN
 * @throws {ServiceError} 404
 */
export function findTrustAnchor(state: State, identifier: string): TrustAnchorRecord {
  return findResource(state, "trust-anchor", state.trustAnchors, identifier);
}
