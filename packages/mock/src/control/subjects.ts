import { z } from "zod";
import { notFound } from "../errors/service-error.ts";
import { uuid } from "../model/shapes.ts";
import { operation } from "./operation.ts";
import type { Operation } from "./operation.ts";
import { listOperation } from "./resource.ts";

export const subjectOperations: readonly Operation[] = [
  operation(
    { name: "GetSubject", method: "GET", path: "/subject/:subjectId" },
    z.object({ subjectId: uuid }),
    ({ state }, { subjectId }) => {
      const record = state.subjects.get(subjectId);
      if (record === undefined) throw notFound(`Subject ${subjectId} was not found.`);
      const { tags: _tags, ...subject } = record;
      return { subject };
    },
  ),
  // Lists show no certificates and no instance properties.
  listOperation(
    "ListSubjects",
    "subjects",
    (state) => state.subjects,
    (_state, { tags: _tags, credentials: _credentials, instanceProperties: _properties, ...subject }) =>
      subject,
  ),
];
