import { pageRequest } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { paginate } from "../resources/paginate.ts";
import { trustAnchorDetails } from "./details.ts";

export const listTrustAnchors = operation(
  {
    name: "ListTrustAnchors",
    method: "GET",
    path: "/trustanchors",
    query: { nextToken: "text", pageSize: "integer" },
  },
  pageRequest,
  ({ state }, request) => {
    const { items, nextToken } = paginate(state.trustAnchors, "trustAnchors", request);
    return { trustAnchors: items.map((record) => trustAnchorDetails(state, record)), nextToken };
  },
);
