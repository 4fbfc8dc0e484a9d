import { crlOperations } from "./crls/operations.ts";
import type { Operation } from "./operation.ts";
import { profileOperations } from "./profiles/operations.ts";
import { subjectOperations } from "./subjects/operations.ts";
import { tagOperations } from "./tags/operations.ts";
import { trustAnchorOperations } from "./trust-anchors/operations.ts";

/** Every operation of the control plane. */
export const operations: readonly Operation[] = [
  ...trustAnchorOperations,
  ...profileOperations,
  ...crlOperations,
  ...subjectOperations,
  ...tagOperations,
];
