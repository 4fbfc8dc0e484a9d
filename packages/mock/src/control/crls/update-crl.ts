import { z } from "zod";
import { aliasName, crlData, resourceIdentifier, resourceName } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName, updateAliasName } from "../resources/aliases.ts";
import { checkCrlData } from "./check-crl-data.ts";
import { crlDetails } from "./details.ts";
import { findCrl } from "./find-crl.ts";

export const updateCrl = operation(
  { name: "UpdateCrl", method: "PATCH", path: "/crl/:crlId" },
  z.object({
    crlId: resourceIdentifier,
    name: resourceName.optional(),
    crlData: crlData.optional(),
    aliasName: aliasName.optional(),
  }),
  ({ state, clock }, input) => {
    const record = findCrl(state, input.crlId);
    checkAliasName(state.crls, input.aliasName, record);
    if (input.crlData !== undefined) checkCrlData(input.crlData);
    record.name = input.name ?? record.name;
    record.crlData = input.crlData ?? record.crlData;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { crl: { ...crlDetails(state, record), ...aliasChange } };
  },
);
