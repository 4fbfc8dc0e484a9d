import { pageRequest } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { paginate } from "../resources/paginate.ts";
import { subjectSummary } from "./details.ts";

export const listSubjects = operation(
  {
    name: "ListSubjects",
    method: "GET",
    path: "/subjects",
    query: { nextToken: "text", pageSize: "integer" },
  },
  pageRequest,
  ({ state }, request) => {
    const { items, nextToken } = paginate(state.subjects, "subjects", request);
    return { subjects: items.map(subjectSummary), nextToken };
  },
);
