import { z } from "zod";
import { certificateField, resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { removeRules } from "./attribute-mappings.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

export const deleteAttributeMapping = operation(
  {
    name: "DeleteAttributeMapping",
    method: "DELETE",
    path: "/profiles/:profileId/mappings",
    query: { certificateField: "text", specifiers: "texts" },
  },
  z.object({
    profileId: resourceIdentifier,
    certificateField,
    specifiers: z.array(z.string()).optional(),
  }),
  ({ state, clock }, input) => {
    const record = findProfile(state, input.profileId);
    record.attributeMappings = removeRules(
      record.attributeMappings,
      input.certificateField,
      input.specifiers,
    );
    record.updatedAt = clock.now();
    return { profile: profileDetails(state, record) };
  },
);
