import { z } from "zod";
import { text } from "../model/constraints.ts";
import {
  aliasName,
  certificateField,
  durationSeconds,
  managedPolicyList,
  mappingRules,
  resourceIdentifier,
  resourceName,
  roleArnList,
  tagList,
  tipConfiguration,
} from "../model/shapes.ts";
import { timestamp } from "../model/timestamp.ts";
import type { AttributeMapping, CertificateField, ProfileRecord } from "../state/records.ts";
import { resourceArn } from "../state/resource-arn.ts";
import type { State } from "../state/state.ts";
import { type Operation, operation } from "./operation.ts";
import {
  checkAliasName,
  checkQuota,
  commonOperations,
  describeAlias,
  findResource,
  type ResourceKind,
  uniqueTags,
  updateAliasName,
} from "./resource.ts";

export const MAX_PROFILES = 250;
export const DEFAULT_DURATION_SECONDS = 3600;

const kind: ResourceKind<ProfileRecord> = {
  type: "profile",
  operationNames: ["Profile", "Profiles"],
  members: ["profile", "profiles"],
  label: "Profile",
  records: (state) => state.profiles,
  idOf: (record) => record.profileId,
  describe: describeProfile,
};

const createProfile = operation(
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
    tipConfiguration: tipConfiguration.optional(),
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
      tipConfiguration: input.tipConfiguration,
      aliasName: input.aliasName || undefined,
    };
    state.profiles.set(profileId, record);
    return { profile: describeProfile(state, record) };
  },
);

const updateProfile = operation(
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
    tipConfiguration: tipConfiguration.optional(),
  }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.profileId);
    checkAliasName(state.profiles, input.aliasName, record);
    record.name = input.name ?? record.name;
    record.sessionPolicy = input.sessionPolicy ?? record.sessionPolicy;
    record.roleArns = input.roleArns ?? record.roleArns;
    record.managedPolicyArns = input.managedPolicyArns ?? record.managedPolicyArns;
    record.durationSeconds = input.durationSeconds ?? record.durationSeconds;
    record.acceptRoleSessionName = input.acceptRoleSessionName ?? record.acceptRoleSessionName;
    record.tipConfiguration = input.tipConfiguration ?? record.tipConfiguration;
    record.updatedAt = clock.now();
    const aliasChange = updateAliasName(record, input.aliasName);
    return { profile: { ...describeProfile(state, record), ...aliasChange } };
  },
);

const putAttributeMapping = operation(
  { name: "PutAttributeMapping", method: "PUT", path: "/profiles/:profileId/mappings" },
  z.object({ profileId: resourceIdentifier, certificateField, mappingRules }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.profileId);
    const specifiers = input.mappingRules.map(({ specifier }) => specifier);
    record.attributeMappings = replaceRules(record.attributeMappings, input.certificateField, specifiers);
    record.updatedAt = clock.now();
    return { profile: describeProfile(state, record) };
  },
);

const deleteAttributeMapping = operation(
  {
    name: "DeleteAttributeMapping",
    method: "DELETE",
    path: "/profiles/:profileId/mappings",
    query: { certificateField: "text", specifiers: "texts" },
  },
  z.object({
    profileId: resourceIdentifier,
    certificateField,
    specifiers: z.array(z.string()).optional(),
  }),
  ({ state, clock }, input) => {
    const record = findResource(kind, state, input.profileId);
    record.attributeMappings = removeRules(
      record.attributeMappings,
      input.certificateField,
      input.specifiers,
    );
    record.updatedAt = clock.now();
    return { profile: describeProfile(state, record) };
  },
);

export const profileOperations: readonly Operation[] = [
  createProfile,
  updateProfile,
  putAttributeMapping,
  deleteAttributeMapping,
  ...commonOperations(kind),
];

/** A profile as the service describes it; tags are not part of it. */
function describeProfile(state: State, record: ProfileRecord) {
  return {
    profileId: record.profileId,
    profileArn: record.profileArn,
    name: record.name,
    requireInstanceProperties: record.requireInstanceProperties,
    enabled: record.enabled,
    createdBy: record.createdBy,
    sessionPolicy: record.sessionPolicy,
    roleArns: record.roleArns,
    managedPolicyArns: record.managedPolicyArns,
    createdAt: timestamp(record.createdAt),
    updatedAt: timestamp(record.updatedAt),
    durationSeconds: record.durationSeconds,
    acceptRoleSessionName: record.acceptRoleSessionName,
    attributeMappings: record.attributeMappings,
    tipConfiguration: record.tipConfiguration,
    ...describeAlias(state, "profile", record.aliasName),
  };
}

/**
 * The mappings of every new profile.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/attribute-mapping.html
 */
function defaultAttributeMappings(): AttributeMapping[] {
  return [
    mapping("x509Issuer", ["*"]),
    mapping("x509SAN", ["DNS", "URI", "Name/*"]),
    mapping("x509Subject", ["*"]),
  ];
}

/** Mappings with the rules of one field replaced; a field without rules maps nothing and is not listed. */
function replaceRules(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  specifiers: readonly string[],
): AttributeMapping[] {
  const replacement = mapping(field, [...new Set(specifiers.map(normalizeSpecifier))]);
  const known = mappings.some(({ certificateField }) => certificateField === field);
  const replaced = mappings.map((current) => (current.certificateField === field ? replacement : current));
  return (known ? replaced : [...mappings, replacement]).filter(hasRules);
}

/**
 * Mappings without the named rules of one field; those that it does not have are ignored.
 *
 * @param specifiers absent: all rules of the field
 */
function removeRules(
  mappings: readonly AttributeMapping[],
  field: CertificateField,
  specifiers: readonly string[] | undefined,
): AttributeMapping[] {
  const removed = specifiers && new Set(specifiers.map(normalizeSpecifier));
  return mappings
    .map(({ certificateField, mappingRules }) => ({
      certificateField,
      mappingRules: mappingRules.filter(
        ({ specifier }) => certificateField !== field || (removed !== undefined && !removed.has(specifier)),
      ),
    }))
    .filter(hasRules);
}

/** `Name` and `Name/` are stored and shown as `Name/*`. */
function normalizeSpecifier(specifier: string): string {
  return specifier === "Name" || specifier === "Name/" ? "Name/*" : specifier;
}

function mapping(certificateField: CertificateField, specifiers: readonly string[]): AttributeMapping {
  return { certificateField, mappingRules: specifiers.map((specifier) => ({ specifier })) };
}

function hasRules({ mappingRules }: AttributeMapping): boolean {
  return mappingRules.length > 0;
}
