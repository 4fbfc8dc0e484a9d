import { z } from "zod";
import { aliasName, resourceIdentifier, resourceName, source } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName, updateAliasName } from "../resources/aliases.ts";
import { checkSource } from "./check-source.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";

export const updateTrustAnchor = operation(
  { name: "UpdateTrustAnchor", method: "PATCH", path: "/trustanchor/:trustAnchorId" },
  z.object({
    trustAnchorId: resourceIdentifier,
    name: resourceName.optional(),
    source: source.optional(),
    aliasName: aliasName.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  ({ state, clock }, input) => {
    const record = findTrustAnchor(state, input.trustAnchorId);
    checkAliasName(state.trustAnchors, input.aliasName, record);
    // Everything is checked before anything changes.
    const newSource = input.source === undefined ? record.source : checkSource(input.source);
    record.source = newSource;
    record.name = input.name ?? record.name;
    record.crlDpRevocationEnabled = input.crlDpRevocationEnabled ?? record.crlDpRevocationEnabled;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { trustAnchor: { ...trustAnchorDetails(state, record), ...aliasChange } };
  },
);
