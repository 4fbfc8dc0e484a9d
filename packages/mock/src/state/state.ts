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
