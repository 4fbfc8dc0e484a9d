import { DEFAULT_ATTRIBUTE_MAPPINGS } from "@roles-anywhere/iam-policy/roles-anywhere";
import { z } from "zod";
import { text } from "../model/constraints.ts";
import * as shapes from "../model/shapes.ts";
import { AttributeMapping } from "../state/records.ts";
import type { CertificateField, ProfileRecord } from "../state/records.ts";
import type { Operation, OperationBinding } from "./operation.ts";
import {
  changeOperation,
  checkQuota,
  commonOperations,
  createOperation,
  updateOperation,
} from "./resource.ts";
import type { ResourceKind } from "./resource.ts";

export const MAX_PROFILES = 250;
export const DEFAULT_DURATION_SECONDS = 3600;

const kind: ResourceKind<ProfileRecord> = {
  type: "profile",
  member: "profile",
  label: "Profile",
  records: (state) => state.profiles,
  idOf: (record) => record.profileId,
};

/** The members that a profile has of its own in the inputs of both its creation and its update. */
const settings = {
  managedPolicyArns: shapes.managedPolicyList.optional(),
  durationSeconds: shapes.durationSeconds.optional(),
  acceptRoleSessionName: z.boolean().optional(),
  tipConfiguration: shapes.tipConfiguration.optional(),
};

const mappingsOf = (name: string, method: "PUT" | "DELETE"): OperationBinding => ({
  name,
  method,
  path: "/profiles/:profileId/mappings",
  query: method === "DELETE" ? { certificateField: "text", specifiers: "texts" } : undefined,
});

const mappingMembers = { profileId: shapes.resourceIdentifier, certificateField: shapes.certificateField };

export const profileOperations: readonly Operation[] = [
  createOperation(
    kind,
    "CreateProfile",
    {
      ...settings,
      requireInstanceProperties: z.boolean().optional(),
      sessionPolicy: text().optional(),
      roleArns: shapes.roleArnList,
    },
    ({ state }, input, common, { id, arn }) => {
      checkQuota("profiles", state.profiles.size, MAX_PROFILES);
      return {
        ...common,
        profileId: id,
        profileArn: arn,
        createdBy: `arn:${state.partition}:iam::${state.accountId}:root`,
        requireInstanceProperties: input.requireInstanceProperties ?? false,
        roleArns: input.roleArns,
        managedPolicyArns: input.managedPolicyArns ?? [],
        sessionPolicy: input.sessionPolicy || undefined,
        durationSeconds: input.durationSeconds ?? DEFAULT_DURATION_SECONDS,
        acceptRoleSessionName: input.acceptRoleSessionName ?? false,
        attributeMappings: z.array(AttributeMapping).parse(DEFAULT_ATTRIBUTE_MAPPINGS),
        tipConfiguration: input.tipConfiguration,
      };
    },
  ),
  updateOperation(
    kind,
    "UpdateProfile",
    {
      ...settings,
      sessionPolicy: text({ min: 1, max: 100_000 }).optional(),
      roleArns: shapes.roleArnList.optional(),
    },
    (changes) => changes,
  ),
  changeOperation(
    kind,
    mappingsOf("PutAttributeMapping", "PUT"),
    z.object({ ...mappingMembers, mappingRules: shapes.mappingRules }),
    (record, { certificateField, mappingRules }) => {
      const specifiers = new Set(mappingRules.map(({ specifier }) => normalizeSpecifier(specifier)));
      record.attributeMappings = changeRules(record.attributeMappings, certificateField, () => [
        ...specifiers,
      ]);
    },
  ),
  changeOperation(
    kind,
    mappingsOf("DeleteAttributeMapping", "DELETE"),
    z.object({ ...mappingMembers, specifiers: z.array(z.string()).optional() }),
    (record, { certificateField, specifiers }) => {
      const removed = specifiers?.map(normalizeSpecifier);
      // Without specifiers, all rules of the field go. Those that it does not have are ignored.
      record.attributeMappings = changeRules(record.attributeMappings, certificateField, (current) =>
        removed === undefined ? [] : current.filter((specifier) => !removed.includes(specifier)),
      );
    },
  ),
  ...commonOperations(kind),
];

/** Mappings with the rules of one field changed. A field without rules maps nothing and is not listed. */
function changeRules(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  change: (specifiers: readonly string[]) => readonly string[],
): AttributeMapping[] {
  const current = mappings.find(({ certificateField }) => certificateField === field);
  const specifiers = change(current?.mappingRules.map(({ specifier }) => specifier) ?? []);
  const changed = { certificateField: field, mappingRules: specifiers.map((specifier) => ({ specifier })) };
  const all = mappings.map((each) => (each === current ? changed : each));
  if (current === undefined) all.push(changed);
  return all.filter(({ mappingRules }) => mappingRules.length > 0);
}

/** `Name` and `Name/` are stored and shown as `Name/*`. */
function normalizeSpecifier(specifier: string): string {
  return specifier === "Name" || specifier === "Name/" ? "Name/*" : specifier;
}
