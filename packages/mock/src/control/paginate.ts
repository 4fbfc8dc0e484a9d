import { z } from "zod";
import { validationError } from "../errors/service-error.ts";
import { valueOr } from "../errors/value-or.ts";
import { constraintError } from "../model/read-members.ts";
import type { pageRequest } from "../model/shapes.ts";

/** The page length when the caller names none, and the longest page. AWS documents neither. */
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 1000;

/**
 * One page of a collection in order of creation. The token holds the id of the last resource of the page, so
 * that resources that come or go between two pages neither repeat nor hide others.
 */
export function paginate<T>(
  collection: ReadonlyMap<string, T>,
  name: string,
  { nextToken, pageSize = DEFAULT_PAGE_SIZE }: z.infer<typeof pageRequest>,
): { items: T[]; nextToken?: string } {
  if (pageSize < 1) {
    const constraint = "Member must have value greater than or equal to 1";
    throw constraintError({ at: "pageSize", value: pageSize, constraint });
  }
  const ids = [...collection.keys()];
  const start = nextToken === undefined ? 0 : positionAfter(nextToken, name, ids);
  const end = start + Math.min(pageSize, MAX_PAGE_SIZE);
  const items = [...collection.values()].slice(start, end);
  if (end >= ids.length) return { items };
  // The position serves when the resource of the id was deleted meanwhile.
  const token = JSON.stringify([name, ids[end - 1], end]);
  return { items, nextToken: Buffer.from(token).toString("base64url") };
}

function positionAfter(token: string, name: string, ids: readonly string[]): number {
  const json = valueOr(undefined, () => JSON.parse(Buffer.from(token, "base64url").toString("utf8")));
  const decoded = z.tuple([z.literal(name), z.string(), z.number()]).safeParse(json);
  if (!decoded.success) throw validationError("Invalid nextToken");
  const [, lastId, position] = decoded.data;
  const index = ids.indexOf(lastId);
  return index === -1 ? Math.min(Math.max(0, Math.trunc(position) - 1), ids.length) : index + 1;
}
