import type { ProfileRecord } from "../../state/records.ts";
import type { State } from "../../state/state.ts";
import { findResource } from "../resources/find-resource.ts";

/**
 * @param identifier id, ARN or alias ARN
 * @throws {ServiceError} 404
 */
export function findProfile(state: State, identifier: string): ProfileRecord {
  return findResource(state, "profile", state.profiles, identifier);
}
