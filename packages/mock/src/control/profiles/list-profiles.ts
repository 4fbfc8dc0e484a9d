import { pageRequest } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { paginate } from "../resources/paginate.ts";
import { profileDetails } from "./details.ts";

export const listProfiles = operation(
  {
    name: "ListProfiles",
    method: "GET",
    path: "/profiles",
    query: { nextToken: "text", pageSize: "integer" },
  },
  pageRequest,
  ({ state }, request) => {
    const { items, nextToken } = paginate(state.profiles, "profiles", request);
    return { profiles: items.map((record) => profileDetails(state, record)), nextToken };
  },
);
