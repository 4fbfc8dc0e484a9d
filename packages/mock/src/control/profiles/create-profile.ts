import { z } from "zod";
import type { ProfileRecord } from "../../state/records.ts";
import { text } from "../../model/constraints.ts";
import {
  aliasName,
  durationSeconds,
  managedPolicyList,
  resourceName,
  roleArnList,
  tagList,
} from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName } from "../resources/aliases.ts";
import { checkQuota } from "../resources/check-quota.ts";
import { resourceArn } from "../../state/resource-arn.ts";
import { uniqueTags } from "../resources/tags.ts";
import { defaultAttributeMappings } from "./attribute-mappings.ts";
import { profileDetails } from "./details.ts";

export const MAX_PROFILES = 250;
export const DEFAULT_DURATION_SECONDS = 3600;

export const createProfile = operation(
  { name: "CreateProfile", method: "POST", path: "/profiles", status: 201 },
  z.object({
    name: resourceName,
    requireInstanceProperties: z.boolean().optional(),
    sessionPolicy: text().optional(),
    roleArns: roleArnList,
    managedPolicyArns: managedPolicyList.optional(),
    durationSeconds: durationSeconds.optional(),
    enabled: z.boolean().optional(),
    tags: tagList.optional(),
    acceptRoleSessionName: z.boolean().optional(),
    aliasName: aliasName.optional(),
  }),
  ({ state, clock, uuid }, input) => {
    checkAliasName(state.profiles, input.aliasName);
    checkQuota("profiles", state.profiles.size, MAX_PROFILES);
    const profileId = uuid();
    const now = clock.now();
    const record: ProfileRecord = {
      profileId,
      profileArn: resourceArn(state, "profile", profileId),
      name: input.name,
      enabled: input.enabled ?? false,
      createdAt: now,
      updatedAt: now,
      tags: uniqueTags(input.tags ?? []),
      createdBy: `arn:${state.partition}:iam::${state.accountId}:root`,
      requireInstanceProperties: input.requireInstanceProperties ?? false,
      roleArns: input.roleArns,
      managedPolicyArns: input.managedPolicyArns ?? [],
      sessionPolicy: input.sessionPolicy || undefined,
      durationSeconds: input.durationSeconds ?? DEFAULT_DURATION_SECONDS,
      acceptRoleSessionName: input.acceptRoleSessionName ?? false,
      attributeMappings: defaultAttributeMappings(),
      aliasName: input.aliasName || undefined,
    };
    state.profiles.set(profileId, record);
    return { profile: profileDetails(state, record) };
  },
);
