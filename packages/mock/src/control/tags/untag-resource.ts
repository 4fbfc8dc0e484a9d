import { z } from "zod";
import { amazonResourceName, tagKeyList } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { findTagged } from "./find-tagged.ts";

export const untagResource = operation(
  { name: "UntagResource", method: "POST", path: "/UntagResource" },
  z.object({ resourceArn: amazonResourceName, tagKeys: tagKeyList }),
  ({ state }, input) => {
    const tagged = findTagged(state, input.resourceArn);
    const removed = new Set(input.tagKeys);
    tagged.tags = tagged.tags?.filter(({ key }) => !removed.has(key));
    return {};
  },
);
