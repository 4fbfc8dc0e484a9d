import type { SignatureClaim } from "./signature/scope.ts";

/** What JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** The object that CopyObject or UploadPartCopy reads. */
export interface CopySource {
  /** Name, or ARN of an access point. */
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

/** A request to an AWS service, as the service has read it. */
export interface ServiceRequest {
  /** Name of the service as botocore and LocalStack write it, such as `s3`, `sts` or `stepfunctions`. */
  readonly service: string;
  /** Name of the operation in the service model, such as `ListObjectsV2`. */
  readonly operation: string;
  /** Parameters by the names of the service model: `Bucket`, `Key`, `Prefix`, `CopySource`… Binary bodies are left out. */
  readonly parameters: JsonObject;
  readonly method: string;
  /** The request target as received: encoded path, and the query when there is one. */
  readonly path: string;
  /** All headers in the order received, names in any letter case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The region that the request is made to. */
  readonly region: string;
  /** The account that the request is made to, 12 digits. */
  readonly accountId: string;
  /**
   * The account that owns the bucket or other resource, 12 digits.
   *
   * @default `accountId`
   */
  readonly resourceAccountId?: string | undefined;
  /**
   * The account that owns the bucket of `CopySource`, 12 digits.
   *
   * @default `resourceAccountId`
   */
  readonly sourceAccountId?: string | undefined;
  /**
   * The object that a copy reads, for a service that takes other forms of `CopySource` than S3 does.
   *
   * @default read from `CopySource` by the rules of S3
   */
  readonly copySource?: CopySource | undefined;
  readonly sourceIp: string;
  /** Whether the request came over TLS. */
  readonly secureTransport: boolean;
  /** Such as `TLSv1.3`, when the request came over TLS and the version is known. */
  readonly tlsVersion?: string | undefined;
  readonly receivedAt: Date;
  /**
   * SHA-256 of the body as received, in lower-case hex. Without it the signature of a body is checked only as far as
   * `x-amz-content-sha256` announces it.
   */
  readonly payloadSha256?: string | undefined;
  /** What {@link readClaim} found in the request. @default it is read */
  readonly claim?: SignatureClaim | undefined;
  /** Tags of the S3 object that is read, for `s3:ExistingObjectTag/<key>`. @default that key is absent */
  readonly existingObjectTags?: Readonly<Record<string, string>> | undefined;
}
