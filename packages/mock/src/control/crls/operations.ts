import type { Operation } from "../operation.ts";
import { deleteCrl } from "./delete-crl.ts";
import { disableCrl, enableCrl } from "./enable-crl.ts";
import { getCrl } from "./get-crl.ts";
import { importCrl } from "./import-crl.ts";
import { listCrls } from "./list-crls.ts";
import { updateCrl } from "./update-crl.ts";

export const crlOperations: readonly Operation[] = [
  importCrl,
  getCrl,
  updateCrl,
  deleteCrl,
  enableCrl,
  disableCrl,
  listCrls,
];
