import { z } from "zod";
import type { OperationContext } from "../context.ts";
import { resourceIdentifier } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { setEnabled } from "../resources/set-enabled.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

const input = z.object({ profileId: resourceIdentifier });

export const enableProfile = operation(
  { name: "EnableProfile", method: "POST", path: "/profile/:profileId/enable" },
  input,
  (context, { profileId }) => change(context, profileId, true),
);

export const disableProfile = operation(
  { name: "DisableProfile", method: "POST", path: "/profile/:profileId/disable" },
  input,
  (context, { profileId }) => change(context, profileId, false),
);

function change({ state, clock }: OperationContext, profileId: string, enabled: boolean) {
  const record = findProfile(state, profileId);
  setEnabled(record, enabled, clock);
  return { profile: profileDetails(state, record) };
}
