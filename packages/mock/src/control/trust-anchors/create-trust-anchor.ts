import { z } from "zod";
import type { TrustAnchorRecord } from "../../state/records.ts";
import { aliasName, notificationSettings, resourceName, source, tagList } from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName } from "../resources/aliases.ts";
import { checkQuota } from "../resources/check-quota.ts";
import { resourceArn } from "../../state/resource-arn.ts";
import { uniqueTags } from "../resources/tags.ts";
import { checkSource } from "./check-source.ts";
import { trustAnchorDetails } from "./details.ts";
import { customizeNotificationSettings, defaultNotificationSettings } from "./notification-settings.ts";

export const MAX_TRUST_ANCHORS = 50;

export const createTrustAnchor = operation(
  { name: "CreateTrustAnchor", method: "POST", path: "/trustanchors", status: 201 },
  z.object({
    name: resourceName,
    source,
    enabled: z.boolean().optional(),
    tags: tagList.optional(),
    notificationSettings: notificationSettings.optional(),
    aliasName: aliasName.optional(),
    crlDpRevocationEnabled: z.boolean().optional(),
  }),
  ({ state, clock, uuid }, input) => {
    checkAliasName(state.trustAnchors, input.aliasName);
    const checkedSource = checkSource(input.source);
    checkQuota("trust anchors", state.trustAnchors.size, MAX_TRUST_ANCHORS);
    const trustAnchorId = uuid();
    const now = clock.now();
    const record: TrustAnchorRecord = {
      trustAnchorId,
      trustAnchorArn: resourceArn(state, "trust-anchor", trustAnchorId),
      name: input.name,
      source: checkedSource,
      enabled: input.enabled ?? false,
      createdAt: now,
      updatedAt: now,
      tags: uniqueTags(input.tags ?? []),
      notificationSettings: customizeNotificationSettings(
        defaultNotificationSettings(),
        input.notificationSettings ?? [],
        state.accountId,
      ),
      crlDpRevocationEnabled: input.crlDpRevocationEnabled,
      aliasName: input.aliasName || undefined,
    };
    state.trustAnchors.set(trustAnchorId, record);
    return { trustAnchor: trustAnchorDetails(state, record) };
  },
);
