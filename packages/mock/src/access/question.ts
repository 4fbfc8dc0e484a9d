import { z } from "zod";

/** The most characters of a name or ARN in a question. */
const MAX_NAME_LENGTH = 2048;

const name = z.string().max(MAX_NAME_LENGTH);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));
const account = z.string().regex(/^\d{12}$/);

/** What LocalStack's hook asks before a request is carried out. */
export const AccessQuestion = z.strictObject({
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
  /** The state of the policies in IAM. */
  policyVersion: z.strictObject({ epoch: name, number: z.int().min(0) }),
  request: z.strictObject({
    /** Name of the service in botocore's models, such as `s3`. */
    service: name,
    operation: name,
    parameters: z.record(z.string(), z.json()),
    /** The object that a copy reads, as LocalStack reads it; `null` for requests that are no copies. */
    copySource: z
      .strictObject({ bucket: name, key: z.string(), versionId: z.string().nullable() })
      .nullable(),
    method: z.string().max(20),
    /** The request target as received. */
    path: z.string(),
    headers: z.array(z.tuple([z.string(), z.string()])),
    region: name,
    /** The region that the address of the request names; `null` when it names none. */
    addressRegion: name.nullable(),
    accountId: account,
    sourceIp: name,
    secureTransport: z.boolean(),
    /** SHA-256 of the body in hex; `null` when the signature does not cover the body. */
    payloadSha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  }),
  /** The buckets that the request names, by name. */
  buckets: z.record(z.string(), z.strictObject({ accountId: account, policy: z.string().nullable() })),
});

export type AccessQuestion = z.infer<typeof AccessQuestion>;
