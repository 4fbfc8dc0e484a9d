import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";

export const deleteTrustAnchor = operation(
  { name: "DeleteTrustAnchor", method: "DELETE", path: "/trustanchor/:trustAnchorId" },
  z.object({ trustAnchorId: resourceIdentifier }),
  ({ state }, { trustAnchorId }) => {
    const record = findTrustAnchor(state, trustAnchorId);
    state.trustAnchors.delete(record.trustAnchorId);
    return { trustAnchor: trustAnchorDetails(state, record) };
  },
);
