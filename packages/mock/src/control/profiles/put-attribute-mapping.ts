import { z } from "zod";
import { certificateField, mappingRules, resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { putMapping } from "./attribute-mappings.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

export const putAttributeMapping = operation(
  { name: "PutAttributeMapping", method: "PUT", path: "/profiles/:profileId/mappings" },
  z.object({ profileId: resourceIdentifier, certificateField, mappingRules }),
  ({ state, clock }, input) => {
    const record = findProfile(state, input.profileId);
    const specifiers = input.mappingRules.map(({ specifier }) => specifier);
    record.attributeMappings = putMapping(record.attributeMappings, input.certificateField, specifiers);
    record.updatedAt = clock.now();
    return { profile: profileDetails(state, record) };
  },
);
