import type { Operation } from "../operation.ts";
import { getSubject } from "./get-subject.ts";
import { listSubjects } from "./list-subjects.ts";

export const subjectOperations: readonly Operation[] = [getSubject, listSubjects];
