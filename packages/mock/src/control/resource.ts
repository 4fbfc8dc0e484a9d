import { z } from "zod";
import { notFound, validationError } from "../errors/service-error.ts";
import * as shapes from "../model/shapes.ts";
import { timestamp } from "../model/timestamp.ts";
import type { Tag } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, resourceArn } from "../state/resource-arn.ts";
import type { ResourceType } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { operation } from "./operation.ts";
import type { Operation, OperationContext } from "./operation.ts";
import { paginate } from "./paginate.ts";

/** The members that the records of trust anchors, profiles and CRLs have in common. */
interface ResourceRecord {
  name: string;
  enabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  tags: Tag[];
  aliasName?: string | undefined;
}

/** What the operations that all three types of resources have need to know of one type. */
export interface ResourceKind<R extends ResourceRecord> {
  readonly type: ResourceType;
  /** The output member of one resource: `trustAnchor`. Operations, paths and the members for ids are named after it. */
  readonly member: string;
  /** The name in messages: `Trust anchor`. */
  readonly label: string;
  records(state: State): Map<string, R>;
  idOf(record: R): string;
  /** The members that the service shows in another form than the record has them. */
  convert?(record: R): object;
}

/** The members that all resources have in the input of their creation. */
export const creationMembers = {
  name: shapes.resourceName,
  enabled: z.boolean().optional(),
  tags: shapes.tagList.optional(),
  aliasName: shapes.aliasName.optional(),
};

/** The members that all resources have in the input of an update, beside their id. */
export const updateMembers = { name: shapes.resourceName.optional(), aliasName: shapes.aliasName.optional() };

/**
 * Finds the resource that a path segment names by id, by ARN or by the ARN of its alias.
 *
 * @throws {ServiceError} 404 when there is none
 */
function findResource<R extends ResourceRecord>(kind: ResourceKind<R>, state: State, identifier: string): R {
  const records = kind.records(state);
  const found = identifier.startsWith("arn:")
    ? findByArnOrAlias(state, kind.type, records, identifier)
    : records.get(identifier);
  if (found === undefined) throw notFound(`${kind.label} ${identifier} was not found.`);
  return found;
}

/** A resource as the service describes it. Tags are not part of it. */
function describe<R extends ResourceRecord>(kind: ResourceKind<R>, state: State, record: R): object {
  const { tags: _tags, createdAt, updatedAt, aliasName, ...members } = record;
  return {
    ...members,
    ...kind.convert?.(record),
    createdAt: timestamp(createdAt),
    updatedAt: timestamp(updatedAt),
    aliasName,
    aliasArn: aliasName === undefined ? undefined : aliasArn(state, kind.type, aliasName),
  };
}

/**
 * Creates a resource.
 *
 * @param make checks what the type has of its own, and completes the record with it
 * @throws {ServiceError} 400 for an alias that cannot be
 */
export function createResource<R extends ResourceRecord>(
  kind: ResourceKind<R>,
  { state, clock, uuid }: OperationContext,
  { name, enabled = false, tags = [], aliasName }: z.infer<z.ZodObject<typeof creationMembers>>,
  make: (common: ResourceRecord, id: string, arn: string) => R,
): object {
  checkAliasName(kind.records(state), aliasName);
  const id = uuid();
  const now = clock.now();
  const common = { name, enabled, createdAt: now, updatedAt: now, tags: uniqueTags(tags) };
  const record = make(
    { ...common, aliasName: aliasName || undefined },
    id,
    resourceArn(state, kind.type, id),
  );
  kind.records(state).set(id, record);
  return { [kind.member]: describe(kind, state, record) };
}

/**
 * Changes a resource.
 *
 * @param change throws before it changes anything, or returns what the output has beside the description
 * @throws {ServiceError} 404
 */
export function changeResource<R extends ResourceRecord>(
  kind: ResourceKind<R>,
  { state, clock }: OperationContext,
  identifier: string,
  change: (record: R) => object | void,
): object {
  const record = findResource(kind, state, identifier);
  const more = change(record);
  record.updatedAt = clock.now();
  return { [kind.member]: { ...describe(kind, state, record), ...more } };
}

/**
 * Updates a resource, and its alias.
 *
 * @param aliasName absent: no change; empty: removal
 * @param check returns the members to replace, or throws what is wrong with them; absent members stay as they are
 * @returns the description, with `previousAliasName` when the alias changed
 * @throws {ServiceError} 404, and 400 for an alias that cannot be
 */
export function updateResource<R extends ResourceRecord>(
  kind: ResourceKind<R>,
  context: OperationContext,
  identifier: string,
  aliasName: string | undefined,
  check: () => { readonly [Member in keyof R]?: R[Member] | undefined },
): object {
  return changeResource(kind, context, identifier, (record) => {
    checkAliasName(kind.records(context.state), aliasName, record);
    const changes = Object.entries(check()).filter(([, value]) => value !== undefined);
    const previousAliasName = record.aliasName;
    Object.assign(record, Object.fromEntries(changes));
    if (aliasName === undefined || aliasName === (previousAliasName ?? "")) return {};
    record.aliasName = aliasName || undefined;
    return { previousAliasName };
  });
}

/** The operations Get, Delete, Enable, Disable and List of one type of resource. */
export function commonOperations<R extends ResourceRecord>(kind: ResourceKind<R>): Operation[] {
  const { member } = kind;
  const name = member.charAt(0).toUpperCase() + member.slice(1);
  const path = `/${member.toLowerCase()}/:${member}Id`;
  const input = z.object({ [`${member}Id`]: shapes.resourceIdentifier });

  const onOne = (
    binding: { name: string; method: "GET" | "POST" | "DELETE"; path: string },
    change: (context: OperationContext, record: R) => void,
  ): Operation =>
    operation(binding, input, (context, { [`${member}Id`]: identifier = "" }) => {
      const record = findResource(kind, context.state, identifier);
      change(context, record);
      return { [member]: describe(kind, context.state, record) };
    });
  // Enabling what is enabled succeeds and changes nothing.
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
    listOperation(`List${name}s`, `${member}s`, kind.records, (state, record) =>
      describe(kind, state, record),
    ),
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
    shapes.pageRequest,
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
function checkAliasName<R extends ResourceRecord>(
  resources: ReadonlyMap<string, R>,
  requested: string | undefined,
  holder?: R,
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

/** Tags with the last value of each key, in order of first appearance. */
export function uniqueTags(tags: readonly Tag[]): Tag[] {
  return [...new Map(tags.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}
