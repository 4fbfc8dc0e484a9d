import { z } from "zod";
import { text } from "../../model/constraints.ts";
import {
  aliasName,
  durationSeconds,
  managedPolicyList,
  resourceIdentifier,
  resourceName,
  roleArnList,
} from "../../model/shapes.ts";
import { operation } from "../operation.ts";
import { checkAliasName, updateAliasName } from "../resources/aliases.ts";
import { profileDetails } from "./details.ts";
import { findProfile } from "./find-profile.ts";

export const updateProfile = operation(
  { name: "UpdateProfile", method: "PATCH", path: "/profile/:profileId" },
  z.object({
    profileId: resourceIdentifier,
    name: resourceName.optional(),
    sessionPolicy: text({ min: 1, max: 100_000 }).optional(),
    roleArns: roleArnList.optional(),
    managedPolicyArns: managedPolicyList.optional(),
    durationSeconds: durationSeconds.optional(),
    acceptRoleSessionName: z.boolean().optional(),
    aliasName: aliasName.optional(),
  }),
  ({ state, clock }, input) => {
    const record = findProfile(state, input.profileId);
    checkAliasName(state.profiles, input.aliasName, record);
    record.name = input.name ?? record.name;
    record.sessionPolicy = input.sessionPolicy ?? record.sessionPolicy;
    record.roleArns = input.roleArns ?? record.roleArns;
    record.managedPolicyArns = input.managedPolicyArns ?? record.managedPolicyArns;
    record.durationSeconds = input.durationSeconds ?? record.durationSeconds;
    record.acceptRoleSessionName = input.acceptRoleSessionName ?? record.acceptRoleSessionName;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { profile: { ...profileDetails(state, record), ...aliasChange } };
  },
);
