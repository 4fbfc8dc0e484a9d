import { z } from "zod";
import type { OperationContext } from "../context.ts";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { setEnabled } from "../resources/set-enabled.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";

const input = z.object({ trustAnchorId: resourceIdentifier });

export const enableTrustAnchor = operation(
  { name: "EnableTrustAnchor", method: "POST", path: "/trustanchor/:trustAnchorId/enable" },
  input,
  (context, { trustAnchorId }) => change(context, trustAnchorId, true),
);

export const disableTrustAnchor = operation(
  { name: "DisableTrustAnchor", method: "POST", path: "/trustanchor/:trustAnchorId/disable" },
  input,
  (context, { trustAnchorId }) => change(context, trustAnchorId, false),
);

function change({ state, clock }: OperationContext, trustAnchorId: string, enabled: boolean) {
  const record = findTrustAnchor(state, trustAnchorId);
  setEnabled(record, enabled, clock);
  return { trustAnchor: trustAnchorDetails(state, record) };
}
