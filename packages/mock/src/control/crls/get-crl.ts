import { z } from "zod";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { crlDetails } from "./details.ts";
import { findCrl } from "./find-crl.ts";

export const getCrl = operation(
  { name: "GetCrl", method: "GET", path: "/crl/:crlId" },
  z.object({ crlId: resourceIdentifier }),
  ({ state }, { crlId }) => ({
    crl: crlDetails(state, findCrl(state, crlId)),
  }),
);
