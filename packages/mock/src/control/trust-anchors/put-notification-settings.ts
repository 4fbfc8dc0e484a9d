import { z } from "zod";
import { notificationSettings, uuid } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";
import { customizeNotificationSettings } from "./notification-settings.ts";

export const putNotificationSettings = operation(
  { name: "PutNotificationSettings", method: "PATCH", path: "/put-notifications-settings" },
  z.object({ trustAnchorId: uuid, notificationSettings }),
  ({ state, clock }, input) => {
    const record = findTrustAnchor(state, input.trustAnchorId);
    record.notificationSettings = customizeNotificationSettings(
      record.notificationSettings,
      input.notificationSettings,
      state.accountId,
    );
    record.updatedAt = clock.now();
    return { trustAnchor: trustAnchorDetails(state, record) };
  },
);
