import type { CrlRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { findResource } from "../resources/find-resource.ts";

/**
 * @param identifier id, ARN or alias ARN
 * @throws {ServiceError} 404
 */
export function findCrl(state: State, identifier: string): CrlRecord {
  return findResource(state, "crl", state.crls, identifier);
}
