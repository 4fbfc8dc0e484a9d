import { z } from "zod";
import { notFound, validationError } from "../errors/service-error.ts";
import { pageRequest, resourceIdentifier } from "../model/shapes.ts";
import type { Tag } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, type ResourceType } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { type Operation, operation, type OperationContext } from "./operation.ts";
import { paginate } from "./paginate.ts";

/** What trust anchors, profiles and CRLs have in common. */
interface ResourceRecord {
  enabled: boolean;
  updatedAt: Date;
  aliasName?: string | undefined;
}

/** What the operations that all three types of resources have need to know of one type. */
export interface ResourceKind<R extends ResourceRecord> {
  readonly type: ResourceType;
  /** Suffix of the operation names, singular and plural: `TrustAnchor`, `TrustAnchors`. */
  readonly operationNames: readonly [singular: string, plural: string];
  /** Members of the output, one resource and a page of them; in lower case they are the paths. */
  readonly members: readonly [singular: string, plural: string];
  /** For people: `Trust anchor`. */
  readonly label: string;
  records(state: State): Map<string, R>;
  idOf(record: R): string;
  /** The resource as the service describes it. */
  describe(state: State, record: R): object;
}

/**
 * Finds the resource that a path segment names by id, by ARN or by the ARN of its alias.
 *
 * @throws {ServiceError} 404 when there is none
 */
export function findResource<R extends ResourceRecord>(
  kind: ResourceKind<R>,
  state: State,
  identifier: string,
): R {
  const records = kind.records(state);
  const found = identifier.startsWith("arn:")
    ? findByArnOrAlias(state, kind.type, records, identifier)
    : records.get(identifier);
  if (found === undefined) throw notFound(`${kind.label} ${identifier} was not found.`);
  return found;
}

/** The operations Get, Delete, Enable, Disable and List of one type of resource. */
export function commonOperations<R extends ResourceRecord>(kind: ResourceKind<R>): Operation[] {
  const [name, pluralName] = kind.operationNames;
  const [member, pluralMember] = kind.members;
  const path = `/${member.toLowerCase()}/:${member}Id`;
  const input = z.object({ [`${member}Id`]: resourceIdentifier });

  const onOne = (
    binding: { name: string; method: "GET" | "POST" | "DELETE"; path: string },
    change: (context: OperationContext, record: R) => void,
  ): Operation =>
    operation(binding, input, (context, { [`${member}Id`]: identifier = "" }) => {
      const record = findResource(kind, context.state, identifier);
      change(context, record);
      return { [member]: kind.describe(context.state, record) };
    });
  // Asking for what already holds succeeds and changes nothing.
  const setEnabled =
    (enabled: boolean) =>
    ({ clock }: OperationContext, record: R): void => {
      if (record.enabled === enabled) return;
      record.enabled = enabled;
      record.updatedAt = clock.now();
    };
  return [
    onOne({ name: `Get${name}`, method: "GET", path }, () => undefined),
    onOne({ name: `Delete${name}`, method: "DELETE", path }, ({ state }, record) => {
      kind.records(state).delete(kind.idOf(record));
    }),
    onOne({ name: `Enable${name}`, method: "POST", path: `${path}/enable` }, setEnabled(true)),
    onOne({ name: `Disable${name}`, method: "POST", path: `${path}/disable` }, setEnabled(false)),
    listOperation(`List${pluralName}`, pluralMember, kind.records, kind.describe),
  ];
}

/**
 * The operation that lists a collection page by page.
 *
 * @param member output member that holds the page; in lower case it is the path
 */
export function listOperation<R>(
  name: string,
  member: string,
  records: (state: State) => ReadonlyMap<string, R>,
  describe: (state: State, record: R) => object,
): Operation {
  return operation(
    {
      name,
      method: "GET",
      path: `/${member.toLowerCase()}`,
      query: { nextToken: "text", pageSize: "integer" },
    },
    pageRequest,
    ({ state }, request) => {
      const { items, nextToken } = paginate(records(state), member, request);
      return { [member]: items.map((record) => describe(state, record)), nextToken };
    },
  );
}

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

/** Letter first; letters, digits, `_`, `-`, `/`; no slash at the end and none doubled. */
const ALIAS_NAME = /^[a-zA-Z](?:\/?[a-zA-Z0-9_-])*$/;

/**
 * Checks the alias that a create or an update asks for.
 *
 * @param requested absent: nothing asked; empty: no alias on create, removal on update
 * @param holder the resource that is being updated, which may keep its own alias
 * @throws {ServiceError} 400 for a malformed, reserved or taken name
 */
export function checkAliasName(
  resources: ReadonlyMap<string, { aliasName?: string | undefined }>,
  requested: string | undefined,
  holder?: { aliasName?: string | undefined },
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
 * @returns what the output adds: `previousAliasName` when the alias changed, else nothing
 */
export function updateAliasName(
  record: { aliasName?: string | undefined },
  requested: string | undefined,
): { previousAliasName?: string | undefined } {
  const previous = record.aliasName;
  if (requested === undefined || requested === (previous ?? "")) return {};
  record.aliasName = requested === "" ? undefined : requested;
  return { previousAliasName: previous };
}

/** The alias members of a description: both are absent when there is no alias. */
export function describeAlias(state: State, type: ResourceType, aliasName: string | undefined) {
  return aliasName === undefined ? {} : { aliasName, aliasArn: aliasArn(state, type, aliasName) };
}

/** Tags with the last value of each key, in order of first appearance. */
export function uniqueTags(tags: readonly Tag[]): Tag[] {
  return [...new Map(tags.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}
