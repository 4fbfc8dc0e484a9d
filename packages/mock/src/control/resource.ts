import { z } from "zod";
import { notFound, validationError } from "../errors/service-error.ts";
import * as shapes from "../model/shapes.ts";
import type { Tag } from "../state/records.ts";
import { aliasArn, findByArnOrAlias, resourceArn } from "../state/state.ts";
import type { ResourceType, State } from "../state/state.ts";
import { attempt, DerError } from "../trust/der.ts";
import { operation } from "./operation.ts";
import type { Operation, OperationBinding, OperationContext } from "./operation.ts";
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
}

const creationMembers = z.object({
  name: shapes.resourceName,
  enabled: z.boolean().optional(),
  tags: shapes.tagList.optional(),
  aliasName: shapes.aliasName.optional(),
});

const updateMembers = z.object({
  name: shapes.resourceName.optional(),
  aliasName: shapes.aliasName.optional(),
});

function pathOf({ member }: { readonly member: string }): string {
  return `/${member.toLowerCase()}/:${member}Id`;
}

/** The input of operations on one resource, which a path segment names by id, by ARN or by the ARN of its alias. */
function identified({ member }: { readonly member: string }) {
  return z.object({ [`${member}Id`]: shapes.resourceIdentifier });
}

/** @throws {ServiceError} 404 when there is none */
function findResource<R extends ResourceRecord>(
  kind: ResourceKind<R>,
  state: State,
  input: Readonly<Record<string, unknown>>,
): R {
  const identifier = String(input[`${kind.member}Id`]);
  const records = kind.records(state);
  const found = identifier.startsWith("arn:")
    ? findByArnOrAlias(state, kind.type, records, identifier)
    : records.get(identifier);
  if (found === undefined) throw notFound(`${kind.label} ${identifier} was not found.`);
  return found;
}

/** A resource as the service describes it. Tags are not part of it. */
function describe<R extends ResourceRecord>(kind: ResourceKind<R>, state: State, record: R): object {
  const { tags: _tags, ...members } = record;
  const { aliasName } = members;
  return {
    ...members,
    aliasArn: aliasName === undefined ? undefined : aliasArn(state, kind.type, aliasName),
  };
}

/**
 * The operation that creates a resource.
 *
 * @param members what the type has of its own in the input
 * @param make checks these, and completes the record with them
 */
export function createOperation<R extends ResourceRecord, M extends z.ZodRawShape>(
  kind: ResourceKind<R>,
  name: string,
  members: M,
  make: (
    context: OperationContext,
    input: z.infer<z.ZodObject<M>>,
    common: ResourceRecord,
    id: { readonly id: string; readonly arn: string },
  ) => R,
): Operation {
  return operation(
    { name, method: "POST", path: `/${kind.member.toLowerCase()}s`, status: 201 },
    z.intersection(creationMembers, z.object(members)),
    (context, input) => {
      const { state, clock, uuid } = context;
      const { name, enabled = false, tags = [], aliasName } = input;
      checkAliasName(kind.records(state), aliasName);
      const id = uuid();
      const now = clock.now();
      const common = { name, enabled, createdAt: now, updatedAt: now, tags: uniqueTags(tags) };
      const record = make(
        context,
        input,
        { ...common, aliasName: aliasName || undefined },
        { id, arn: resourceArn(state, kind.type, id) },
      );
      kind.records(state).set(id, record);
      return { [kind.member]: describe(kind, state, record) };
    },
  );
}

/** An operation that changes a resource. `change` throws before it changes anything, or returns more members. */
export function changeOperation<R extends ResourceRecord, T extends z.ZodType<Record<string, unknown>>>(
  kind: ResourceKind<R>,
  binding: OperationBinding,
  input: T,
  change: (record: R, input: z.infer<T>, state: State) => object | void,
): Operation {
  return operation(binding, input, ({ state, clock }, members) => {
    const record = findResource(kind, state, members);
    const more = change(record, members, state);
    record.updatedAt = clock.now();
    return { [kind.member]: { ...describe(kind, state, record), ...more } };
  });
}

/**
 * The operation that updates a resource, and its alias: an empty name removes that. The output has `previousAliasName`
 * when the alias changed.
 *
 * @param members what the type has of its own in the input; absent ones stay as they are
 * @param check returns the values to store, or throws what is wrong with them
 */
export function updateOperation<R extends ResourceRecord, M extends z.ZodRawShape>(
  kind: ResourceKind<R>,
  name: string,
  members: M,
  check: (input: z.infer<z.ZodObject<M>>) => { readonly [Member in keyof R]?: R[Member] | undefined },
): Operation {
  return changeOperation(
    kind,
    { name, method: "PATCH", path: pathOf(kind) },
    z.intersection(updateMembers, z.intersection(z.object(members), identified(kind))),
    (record, input, state) => {
      const { aliasName } = input;
      checkAliasName(kind.records(state), aliasName, record);
      const own = Object.entries(check(input)).filter(([name]) => name in members);
      const changes = [["name", input.name], ...own].filter(([, value]) => value !== undefined);
      const previousAliasName = record.aliasName;
      Object.assign(record, Object.fromEntries(changes));
      if (aliasName === undefined || aliasName === (previousAliasName ?? "")) return {};
      record.aliasName = aliasName || undefined;
      return { previousAliasName };
    },
  );
}

/** The operations Get, Delete, Enable, Disable and List of one type of resource. */
export function commonOperations<R extends ResourceRecord>(kind: ResourceKind<R>): Operation[] {
  const { member } = kind;
  const name = member.charAt(0).toUpperCase() + member.slice(1);
  const onOne = (
    verb: string,
    method: "GET" | "POST" | "DELETE",
    suffix: string,
    change: (context: OperationContext, record: R) => void,
  ): Operation =>
    operation(
      { name: verb + name, method, path: pathOf(kind) + suffix },
      identified(kind),
      (context, input) => {
        const record = findResource(kind, context.state, input);
        change(context, record);
        return { [member]: describe(kind, context.state, record) };
      },
    );
  // Enabling what is enabled succeeds and changes nothing.
  const setEnabled =
    (enabled: boolean) =>
    ({ clock }: OperationContext, record: R): void => {
      if (record.enabled === enabled) return;
      record.enabled = enabled;
      record.updatedAt = clock.now();
    };
  return [
    onOne("Get", "GET", "", () => undefined),
    onOne("Delete", "DELETE", "", ({ state }, record) => {
      kind.records(state).delete(kind.idOf(record));
    }),
    onOne("Enable", "POST", "/enable", setEnabled(true)),
    onOne("Disable", "POST", "/disable", setEnabled(false)),
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
  const query = { nextToken: "text", pageSize: "integer" } as const;
  return operation(
    { name, method: "GET", path: `/${member.toLowerCase()}`, query },
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
 * @see https://docs.aws.amazon.com/general/latest/gr/rolesanywhere.html
 */
export function checkQuota(what: string, count: number, limit: number): void {
  if (count >= limit) throw validationError(`Limit of ${limit} ${what} exceeded`);
}

/** Reads X.509 data. What is malformed is refused with a 400 that begins with these words. */
export function refuseMalformed<T>(message: string, read: () => T): T {
  const found = attempt(read);
  if (found instanceof DerError) throw validationError(`${message}: ${found.message}`);
  return found;
}

/** Letter first; letters, digits, `_`, `-`, `/`; no slash at the end and none doubled. */
const ALIAS_NAME = /^[a-zA-Z](?:\/?[a-zA-Z0-9_-])*$/;

/** @param holder the resource that is being updated, which may keep its own alias */
function checkAliasName<R extends ResourceRecord>(
  resources: ReadonlyMap<string, R>,
  requested: string | undefined,
  holder?: R,
): void {
  // Nothing asked for, or no alias.
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
