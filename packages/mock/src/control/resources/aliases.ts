import type { State } from "../../state/state.ts";
import { validationError } from "../../errors/service-error.ts";
import { aliasArn, type ResourceType } from "../../state/resource-arn.ts";

interface Aliased {
  aliasName?: string | undefined;
}

/** Letter first; letters, digits, `_`, `-`, `/`; no slash at the end and none doubled. */
const ALIAS_NAME = /^[a-zA-Z](?:\/?[a-zA-Z0-9_-])*$/;

/**
 * Checks the alias that a create or an update asks for.
 *
 * @param requested absent: nothing asked; empty: none on create, removal on update
 * @param holder the resource that is being updated, which may keep its own alias
 * @throws {ServiceError} 400 for a malformed, reserved or taken name
 */
export function checkAliasName(
  resources: ReadonlyMap<string, Aliased>,
  requested: string | undefined,
  holder?: Aliased,
): void {
  if (requested === undefined || requested === "") return;
  if (!ALIAS_NAME.test(requested)) {
    throw validationError(
      `Invalid alias name '${requested}'. It must begin with a letter, hold only letters, digits, '_', '-' and '/', and have no trailing or consecutive '/'.`,
    );
  }
  if (requested.toLowerCase().startsWith("aws/")) {
    throw validationError(`Invalid alias name '${requested}'. The prefix 'aws/' is reserved.`);
  }
  const taken = [...resources.values()].some((other) => other !== holder && other.aliasName === requested);
  if (taken) throw validationError(`Alias name '${requested}' is already in use.`);
}

/**
 * Applies the alias of an update to its record.
 *
 * @returns what the answer adds: `previousAliasName` when the alias changed, else nothing
 */
export function updateAliasName(
  record: Aliased,
  requested: string | undefined,
): { previousAliasName?: string | undefined } {
  const previous = record.aliasName;
  if (requested === undefined || requested === (previous ?? "")) return {};
  record.aliasName = requested === "" ? undefined : requested;
  return { previousAliasName: previous };
}

/** The alias members of a detail: both absent when there is no alias. */
export function aliasDetails(state: State, type: ResourceType, { aliasName }: Aliased) {
  return aliasName === undefined ? {} : { aliasName, aliasArn: aliasArn(state, type, aliasName) };
}
