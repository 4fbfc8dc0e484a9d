import { z } from "zod";
import { amazonResourceName } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { findTagged } from "./find-tagged.ts";

export const listTagsForResource = operation(
  {
    name: "ListTagsForResource",
    method: "GET",
    path: "/ListTagsForResource",
    query: { resourceArn: "text" },
  },
  z.object({ resourceArn: amazonResourceName }),
  ({ state }, input) => ({ tags: findTagged(state, input.resourceArn).tags ?? [] }),
);
