import type { z } from "zod";
import type { NotificationEvent, NotificationSetting } from "../../state/records.ts";
import { constraintError, mustNotBeNull } from "../../model/constraint-failure.ts";
import type { notificationSettings } from "../../model/shapes.ts";

export const DEFAULT_THRESHOLD_DAYS = 45;
const SERVICE_PRINCIPAL = "rolesanywhere.amazonaws.com";
const EVENTS: readonly NotificationEvent[] = ["CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY"];

/**
 * The setting that every new trust anchor has for an event: on, 45 days before expiry, on all channels.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/customize-notification-settings.html
 */
export function defaultNotificationSetting(event: NotificationEvent): NotificationSetting {
  return {
    event,
    enabled: true,
    threshold: DEFAULT_THRESHOLD_DAYS,
    channel: "ALL",
    configuredBy: SERVICE_PRINCIPAL,
  };
}

/** The settings of a new trust anchor. */
export function defaultNotificationSettings(): NotificationSetting[] {
  return EVENTS.map(defaultNotificationSetting);
}

/**
 * Settings with some of them replaced; those of other events stay.
 *
 * @param configuredBy the account that customises them
 * @throws {ServiceError} 400 for an enabled setting without a threshold
 */
export function customizeNotificationSettings(
  current: readonly NotificationSetting[],
  requested: z.infer<typeof notificationSettings>,
  configuredBy: string,
): NotificationSetting[] {
  const changes = new Map<NotificationEvent, NotificationSetting>();
  for (const [index, setting] of requested.entries()) {
    if (setting.enabled && setting.threshold === undefined) {
      throw constraintError(mustNotBeNull(`notificationSettings.${index + 1}.member.threshold`));
    }
    changes.set(setting.event, {
      event: setting.event,
      enabled: setting.enabled,
      threshold: setting.threshold ?? DEFAULT_THRESHOLD_DAYS,
      channel: "ALL",
      configuredBy,
    });
  }
  return current.map((setting) => changes.get(setting.event) ?? setting);
}
