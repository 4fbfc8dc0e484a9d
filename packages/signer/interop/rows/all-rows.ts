import type { Row } from "../row.ts";
import { commandRows } from "./command-rows.ts";
import { environmentRows } from "./environment-rows.ts";
import { flagRows } from "./flag-rows.ts";
import { keyRows } from "./key-rows.ts";
import { serveRows } from "./serve-rows.ts";
import { serviceRows } from "./service-rows.ts";
import { tokenRows } from "./token-rows.ts";
import { updateRows } from "./update-rows.ts";

/** The whole matrix. */
export function allRows(): readonly Row[] {
  return [
    ...keyRows(),
    ...flagRows(),
    ...environmentRows(),
    ...serviceRows(),
    ...commandRows(),
    ...updateRows(),
    ...serveRows(),
    ...tokenRows(),
  ];
}
