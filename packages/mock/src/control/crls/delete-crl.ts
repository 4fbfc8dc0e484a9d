import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { crlDetails } from "./details.ts";
import { findCrl } from "./find-crl.ts";

export const deleteCrl = operation(
  { name: "DeleteCrl", method: "DELETE", path: "/crl/:crlId" },
  z.object({ crlId: resourceIdentifier }),
  ({ state }, { crlId }) => {
    const record = findCrl(state, crlId);
    state.crls.delete(record.crlId);
    return { crl: crlDetails(state, record) };
  },
);
