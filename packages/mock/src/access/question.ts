import type { JsonObject } from "@roles-anywhere/enforcement";
import { z } from "zod";

/** The most characters of a name or ARN in a question. */
const MAX_NAME_LENGTH = 2048;

const name = z.string().max(MAX_NAME_LENGTH);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
/** An object, of which all members are JSON: the line was. */
const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const account = z.string().regex(/^\d{12}$/);

/** The part of the question that the signature covers. The hook sends it before LocalStack has read the request. */
export const AccessArrival = z.strictObject({
  /** The key that the request names. */
  accessKeyId: name,
  /** What a session of the mock got for another role from LocalStack's STS; `null` for other keys. */
  assumed: z
    .strictObject({
      /** The key of the mock's session that assumed the role, or another one that led to it. */
      grantedAccessKeyId: name,
      secretAccessKey: name,
      sessionToken: z.string(),
      roleArn: name,
      assumedRoleArn: name,
      roleId: name,
      roleSessionName: name,
      sessionPolicy: z.string().nullable(),
      managedPolicyArns: z.array(name),
      tags: z.array(z.strictObject({ key: name, value: name })),
      /** By LocalStack's clock, as is the end. */
      issuedAt: instant,
      expiresAt: instant,
    })
    .nullable(),
  request: z.strictObject({
    method: z.string().max(20),
    /** The request target as received. */
    path: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    /** SHA-256 of the body in hex; `null` when the signature does not cover the body. */
    payloadSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  }),
});

export type AccessArrival = z.infer<typeof AccessArrival>;

/** What LocalStack's hook asks before the request that arrived is carried out. */
export const AccessQuestion = z.strictObject({
  /** The state of the policies in IAM. */
  policyVersion: z.strictObject({ epoch: name, number: z.int().min(0) }),
  request: z.strictObject({
    /** Name of the service in botocore's models, such as `s3`. */
    service: name,
    operation: name,
    parameters: z.custom<JsonObject>(isObject),
    /** The object that a copy reads, as LocalStack reads it; `null` for requests that are no copies. */
    copySource: z
      .strictObject({ bucket: name, key: z.string(), versionId: z.string().nullable() })
      .nullable(),
    region: name,
    /** The region that the address of the request names; `null` when it names none. */
    addressRegion: name.nullable(),
    accountId: account,
    sourceIp: name,
    secureTransport: z.boolean(),
  }),
  /** The buckets that the request names, by name. */
  buckets: z.record(z.string(), z.strictObject({ accountId: account, policy: z.string().nullable() })),
});

export type AccessQuestion = z.infer<typeof AccessQuestion>;
