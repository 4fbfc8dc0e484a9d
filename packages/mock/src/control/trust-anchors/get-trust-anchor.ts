import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";

export const getTrustAnchor = operation(
  { name: "GetTrustAnchor", method: "GET", path: "/trustanchor/:trustAnchorId" },
  z.object({ trustAnchorId: resourceIdentifier }),
  ({ state }, { trustAnchorId }) => ({
    trustAnchor: trustAnchorDetails(state, findTrustAnchor(state, trustAnchorId)),
  }),
);
