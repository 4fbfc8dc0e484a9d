import { pageRequest } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { paginate } from "../resources/paginate.ts";
import { crlDetails } from "./details.ts";

export const listCrls = operation(
  {
    name: "ListCrls",
    method: "GET",
    path: "/crls",
    query: { nextToken: "text", pageSize: "integer" },
  },
  pageRequest,
  ({ state }, request) => {
    const { items, nextToken } = paginate(state.crls, "crls", request);
    return { crls: items.map((record) => crlDetails(state, record)), nextToken };
  },
);
