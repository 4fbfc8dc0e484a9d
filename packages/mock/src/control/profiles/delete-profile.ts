import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

export const deleteProfile = operation(
  { name: "DeleteProfile", method: "DELETE", path: "/profile/:profileId" },
  z.object({ profileId: resourceIdentifier }),
  ({ state }, { profileId }) => {
    const record = findProfile(state, profileId);
    state.profiles.delete(record.profileId);
    return { profile: profileDetails(state, record) };
  },
);
