import { z } from "zod";
import { amazonResourceName, tagList } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { uniqueTags } from "../resources/tags.ts";
import { ServiceError } from "../../errors/service-error.ts";
import { findTagged } from "./find-tagged.ts";

export const MAX_TAGS_PER_RESOURCE = 200;

export const tagResource = operation(
  { name: "TagResource", method: "POST", path: "/TagResource", status: 201 },
  z.object({ resourceArn: amazonResourceName, tags: tagList }),
  ({ state }, input) => {
    const tagged = findTagged(state, input.resourceArn);
    const tags = uniqueTags([...(tagged.tags ?? []), ...input.tags]);
    if (tags.length > MAX_TAGS_PER_RESOURCE) {
      const message = `A resource can have at most ${MAX_TAGS_PER_RESOURCE} tags; this request makes ${tags.length}`;
      throw new ServiceError(400, "TooManyTagsException", message);
    }
    tagged.tags = tags;
    return {};
  },
);
