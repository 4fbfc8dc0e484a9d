import { z } from "zod";
import type { OperationContext } from "../context.ts";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { setEnabled } from "../resources/set-enabled.ts";
import { crlDetails } from "./details.ts";
import { findCrl } from "./find-crl.ts";

const input = z.object({ crlId: resourceIdentifier });

export const enableCrl = operation(
  { name: "EnableCrl", method: "POST", path: "/crl/:crlId/enable" },
  input,
  (context, { crlId }) => change(context, crlId, true),
);

export const disableCrl = operation(
  { name: "DisableCrl", method: "POST", path: "/crl/:crlId/disable" },
  input,
  (context, { crlId }) => change(context, crlId, false),
);

function change({ state, clock }: OperationContext, crlId: string, enabled: boolean) {
  const record = findCrl(state, crlId);
  setEnabled(record, enabled, clock);
  return { crl: crlDetails(state, record) };
}
