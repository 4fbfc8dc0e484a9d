import type { State } from "../../state/state.ts";
import { notFound } from "../service-error.ts";

/** The resource types that have an id, an ARN and an alias. */
export type ResourceType = "trust-anchor" | "profile" | "crl";

const LABELS = { "trust-anchor": "Trust anchor", profile: "Profile", crl: "CRL" } as const;

/** ARN of a resource of the emulated account: `arn:<partition>:rolesanywhere:<region>:<account>:<type>/<id>`. */
export function resourceArn(state: State, type: ResourceType | "subject", id: string): string {
  return `arn:${state.partition}:rolesanywhere:${state.region}:${state.accountId}:${type}/${id}`;
}

/** ARN of an alias: `arn:…:alias/<type>/<name>`. */
export function aliasArn(state: State, type: ResourceType, aliasName: string): string {
  return `arn:${state.partition}:rolesanywhere:${state.region}:${state.accountId}:alias/${type}/${aliasName}`;
}

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
    ? findByArn(state, type, resources, identifier)
    : resources.get(identifier);
  if (found === undefined) throw notFound(`${LABELS[type]} ${identifier} was not found.`);
  return found;
}

function findByArn<T extends { aliasName?: string | undefined }>(
  state: State,
  type: ResourceType,
  resources: ReadonlyMap<string, T>,
  arn: string,
): T | undefined {
  const idPrefix = resourceArn(state, type, "");
  if (arn.startsWith(idPrefix)) return resources.get(arn.slice(idPrefix.length));
  const aliasPrefix = aliasArn(state, type, "");
  if (!arn.startsWith(aliasPrefix)) return undefined;
  const name = arn.slice(aliasPrefix.length);
  return name === "" ? undefined : [...resources.values()].find((resource) => resource.aliasName === name);
}
