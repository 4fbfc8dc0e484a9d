import { z } from "zod";
import { notificationSettingKeys, uuid } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { trustAnchorDetails } from "./details.ts";
import { findTrustAnchor } from "./find-trust-anchor.ts";
import { defaultNotificationSetting } from "./notification-settings.ts";

export const resetNotificationSettings = operation(
  { name: "ResetNotificationSettings", method: "PATCH", path: "/reset-notifications-settings" },
  z.object({ trustAnchorId: uuid, notificationSettingKeys }),
  ({ state, clock }, input) => {
    const record = findTrustAnchor(state, input.trustAnchorId);
    const events = new Set(input.notificationSettingKeys.map(({ event }) => event));
    record.notificationSettings = record.notificationSettings.map((setting) =>
      events.has(setting.event) ? defaultNotificationSetting(setting.event) : setting,
    );
    record.updatedAt = clock.now();
    return { trustAnchor: trustAnchorDetails(state, record) };
  },
);
