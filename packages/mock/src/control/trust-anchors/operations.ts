import type { Operation } from "../operation.ts";
import { createTrustAnchor } from "./create-trust-anchor.ts";
import { deleteTrustAnchor } from "./delete-trust-anchor.ts";
import { disableTrustAnchor, enableTrustAnchor } from "./enable-trust-anchor.ts";
import { getTrustAnchor } from "./get-trust-anchor.ts";
import { listTrustAnchors } from "./list-trust-anchors.ts";
import { putNotificationSettings } from "./put-notification-settings.ts";
import { resetNotificationSettings } from "./reset-notification-settings.ts";
import { updateTrustAnchor } from "./update-trust-anchor.ts";

export const trustAnchorOperations: readonly Operation[] = [
  createTrustAnchor,
  getTrustAnchor,
  updateTrustAnchor,
  deleteTrustAnchor,
  enableTrustAnchor,
  disableTrustAnchor,
  listTrustAnchors,
  putNotificationSettings,
  resetNotificationSettings,
];
