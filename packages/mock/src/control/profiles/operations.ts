import type { Operation } from "../operation.ts";
import { createProfile } from "./create-profile.ts";
import { deleteAttributeMapping } from "./delete-attribute-mapping.ts";
import { deleteProfile } from "./delete-profile.ts";
import { disableProfile, enableProfile } from "./enable-profile.ts";
import { getProfile } from "./get-profile.ts";
import { listProfiles } from "./list-profiles.ts";
import { putAttributeMapping } from "./put-attribute-mapping.ts";
import { updateProfile } from "./update-profile.ts";

export const profileOperations: readonly Operation[] = [
  createProfile,
  getProfile,
  updateProfile,
  deleteProfile,
  enableProfile,
  disableProfile,
  listProfiles,
  putAttributeMapping,
  deleteAttributeMapping,
];
