import { z } from "zod";
import { notFound, ServiceError } from "../errors/service-error.ts";
import { amazonResourceName, tagKeyList, tagList } from "../model/shapes.ts";
import type { Tag } from "../state/records.ts";
import { findByArn } from "../state/state.ts";
import type { State } from "../state/state.ts";
import { operation } from "./operation.ts";
import type { Operation } from "./operation.ts";
import { uniqueTags } from "./resource.ts";

export const MAX_TAGS_PER_RESOURCE = 200;

const tagResource = operation(
  { name: "TagResource", method: "POST", path: "/TagResource", status: 201 },
  z.object({ resourceArn: amazonResourceName, tags: tagList }),
  ({ state }, input) => {
    const tagged = findTagged(state, input.resourceArn);
    const tags = uniqueTags([...(tagged.tags ?? []), ...input.tags]);
    if (tags.length > MAX_TAGS_PER_RESOURCE) {
      const message = `A resource can have at most ${MAX_TAGS_PER_RESOURCE} tags; this request makes ${tags.length}`;
      throw new ServiceError("TooManyTagsException", message);
    }
    tagged.tags = tags;
    return {};
  },
);

const untagResource = operation(
  { name: "UntagResource", method: "POST", path: "/UntagResource" },
  z.object({ resourceArn: amazonResourceName, tagKeys: tagKeyList }),
  ({ state }, input) => {
    const tagged = findTagged(state, input.resourceArn);
    const removed = new Set(input.tagKeys);
    tagged.tags = tagged.tags?.filter(({ key }) => !removed.has(key));
    return {};
  },
);

const listTagsForResource = operation(
  {
    name: "ListTagsForResource",
    method: "GET",
    path: "/ListTagsForResource",
    query: { resourceArn: "text" },
  },
  z.object({ resourceArn: amazonResourceName }),
  ({ state }, input) => ({ tags: findTagged(state, input.resourceArn).tags ?? [] }),
);

export const tagOperations: readonly Operation[] = [tagResource, untagResource, listTagsForResource];

/** Finds the resource whose tags an ARN names: a trust anchor, profile, CRL or subject, not an alias. */
function findTagged(state: State, arn: string): { tags?: Tag[] | undefined } {
  const found =
    findByArn(state, "trust-anchor", state.trustAnchors, arn) ??
    findByArn(state, "profile", state.profiles, arn) ??
    findByArn(state, "crl", state.crls, arn) ??
    findByArn(state, "subject", state.subjects, arn);
  if (found === undefined) throw notFound(`Resource ${arn} was not found.`);
  return found;
}
