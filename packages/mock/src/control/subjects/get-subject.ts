import { z } from "zod";
import { uuid } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { notFound } from "../../errors/service-error.ts";
import { subjectDetails } from "./details.ts";

export const getSubject = operation(
  { name: "GetSubject", method: "GET", path: "/subject/:subjectId" },
  z.object({ subjectId: uuid }),
  ({ state }, { subjectId }) => {
    const record = state.subjects.get(subjectId);
    if (record === undefined) throw notFound(`Subject ${subjectId} was not found.`);
    return { subject: subjectDetails(record) };
  },
);
