import type { ContextRecord } from "@roles-anywhere/iam-policy";
import type { JsonObject, JsonValue, ServiceRequest } from "./service-request.ts";

/** One thing that the policies must allow before a request may be served. */
export interface RequiredPermission {
  /** @example "s3:GetObject" */
  readonly action: string;
  /** ARN of the resource, or `*` for an action without resources. */
  readonly resource: string;
  /** The account that owns the resource, for ARNs without account. */
  readonly owner: string;
  /** Condition keys of the request. Those of the principal are added when the request is authorised. */
  readonly context: ContextRecord;
}

/** A permission with the condition keys of its service only. */
export interface ServicePermission {
  readonly action: string;
  readonly resource: string;
  readonly context?: ContextRecord | undefined;
  /** @default the request's `resourceAccountId` */
  readonly owner?: string | undefined;
}

/**
 * The partition of a region.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
 */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** An ARN in the region and account of the request. */
export function regionalArn({ region, accountId }: ServiceRequest, service: string, name: string): string {
  return `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${name}`;
}

/** A parameter as policies compare it; `undefined` when it is absent, null, a list or an object. */
export function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !isList(value) ? value : {};
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

// Array.isArray does not narrow read-only arrays.
function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export type TagPair = readonly [key: string, value: string];

/** Reads `[{ "Key": …, "Value": … }]`, as most services write tags. */
export function tagPairs(value: JsonValue | undefined): readonly TagPair[] {
  return listOf(value).flatMap((item): TagPair[] => {
    const { Key: key, Value: text } = objectOf(item);
    return typeof key === "string" ? [[key, textOf(text) ?? ""]] : [];
  });
}

/** `aws:RequestTag/<key>` and `aws:TagKeys`; nothing for a request without tags. */
export function requestTags(tags: readonly TagPair[]): ContextRecord {
  if (tags.length === 0) return {};
  return {
    ...Object.fromEntries(tags.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    "aws:TagKeys": tags.map(([key]) => key),
  };
}

/** `iam:PassRole` for a role that a request hands to a service; nothing when the parameter is absent. */
export function passRole(roleArn: JsonValue | undefined, service: string): readonly ServicePermission[] {
  return typeof roleArn === "string"
    ? [{ action: "iam:PassRole", resource: roleArn, context: { "iam:PassedToService": service } }]
    : [];
}
