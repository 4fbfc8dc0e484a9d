import type { CrlRecord, ProfileRecord, SubjectRecord, TrustAnchorRecord } from "./records.ts";

/** The resources of one emulated account and region, in memory. Maps are keyed by id, in order of creation. */
export interface State {
  readonly accountId: string;
  readonly region: string;
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  readonly trustAnchors: Map<string, TrustAnchorRecord>;
  readonly profiles: Map<string, ProfileRecord>;
  readonly crls: Map<string, CrlRecord>;
  readonly subjects: Map<string, SubjectRecord>;
}

/**
 * An empty account.
 *
 * @param accountId twelve digits
 * @param region for example `us-east-1`
 */
export function createState(accountId: string, region: string): State {
  return {
    accountId,
    region,
    partition: partitionOf(region),
    trustAnchors: new Map(),
    profiles: new Map(),
    crls: new Map(),
    subjects: new Map(),
  };
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  if (region.startsWith("us-gov-")) return "aws-us-gov";
  return "aws";
}

/** A clock. Tests and the lab can give one that shows another time. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** The resource types that have an id, an ARN and an alias. */
export type ResourceType = "trust-anchor" | "profile" | "crl";

/** ARN of a resource of the emulated account: `arn:<partition>:rolesanywhere:<region>:<account>:<type>/<id>`. */
export function resourceArn(
  state: State,
  type: ResourceType | "subject" | `alias/${ResourceType}`,
  id: string,
): string {
  return `arn:${state.partition}:rolesanywhere:${state.region}:${state.accountId}:${type}/${id}`;
}

/** ARN of an alias: `arn:…:alias/<type>/<name>`. */
export function aliasArn(state: State, type: ResourceType, aliasName: string): string {
  return resourceArn(state, `alias/${type}`, aliasName);
}

/** The resource that has this ARN. The ARN of an alias finds nothing. */
export function findByArn<T>(
  state: State,
  type: ResourceType | "subject",
  resources: ReadonlyMap<string, T>,
  arn: string,
): T | undefined {
  const prefix = resourceArn(state, type, "");
  return arn.startsWith(prefix) ? resources.get(arn.slice(prefix.length)) : undefined;
}

/**
 * The resource that has this ARN, or whose alias has it.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/resource-aliases.html
 */
export function findByArnOrAlias<T extends { aliasName?: string | undefined }>(
  state: State,
  type: ResourceType,
  resources: ReadonlyMap<string, T>,
  arn: string,
): T | undefined {
  const found = findByArn(state, type, resources, arn);
  if (found !== undefined) return found;
  const prefix = aliasArn(state, type, "");
  const name = arn.startsWith(prefix) ? arn.slice(prefix.length) : "";
  return name === "" ? undefined : [...resources.values()].find((resource) => resource.aliasName === name);
}

/** Splits an ARN. The result is `undefined` when the text is not an ARN. */
export function parseArn(text: string) {
  const [scheme, partition, , region, account, resource] = text.split(":");
  return scheme !== "arn" || resource === undefined ? undefined : { partition, region, account };
}

/** The name of a role: the last segment of its ARN, after the path. */
export function roleNameOf(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf("/") + 1);
}
