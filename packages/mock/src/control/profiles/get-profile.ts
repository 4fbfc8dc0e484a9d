import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

export const getProfile = operation(
  { name: "GetProfile", method: "GET", path: "/profile/:profileId" },
  z.object({ profileId: resourceIdentifier }),
  ({ state }, { profileId }) => ({
    profile: profileDetails(state, findProfile(state, profileId)),
  }),
);
