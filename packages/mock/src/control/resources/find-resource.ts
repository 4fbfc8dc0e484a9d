import { findByArnOrAlias, type ResourceType } from "../../state/resource-arn.ts";
import type { State } from "../../state/state.ts";
import { notFound } from "../../errors/service-error.ts";

const LABELS = { "trust-anchor": "Trust anchor", profile: "Profile", crl: "CRL" } as const;

/**
 * Finds the resource that a path segment names by id, by ARN or by the ARN of its alias.
 *
 * @throws {ServiceError} 404 when there is none
 */
export function findResource<T extends { aliasName?: string | undefined }>(
  state: State,
  type: ResourceType,
  resources: ReadonlyMap<string, T>,
  identifier: string,
): T {
  const found = identifier.startsWith("arn:")
    ? findByArnOrAlias(state, type, resources, identifier)
    : resources.get(identifier);
  if (found === undefined) throw notFound(`${LABELS[type]} ${identifier} was not found.`);
  return found;
}
