import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3ServiceException } from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { InfraError } from "../errors.ts";
import { readSampleObjects } from "./sample-objects.ts";
import type { SampleObject } from "./sample-objects.ts";

/** Options of {@link uploadSampleObjects}. */
export interface UploadSampleObjectsOptions {
  /** The bucket of the stack: its output `BucketName`. */
  readonly bucketName: string;
  /** An S3 client with credentials that may read and write the bucket: the deployer's, not the role's. */
  readonly client: S3Client;
}

/** One sample object: `uploaded`, or `unchanged` when the bucket had it with the same content. */
export interface UploadedSampleObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly status: "uploaded" | "unchanged";
}

/**
 * Puts the three sample objects into a bucket. Existing objects are never overwritten: all keys are checked before the
 * first write, and each write is conditional (`If-None-Match: *`).
 *
 * @example
 * await uploadSampleObjects({ bucketName: outputs.bucketName, client: new S3Client({}) });
 *
 * @returns one entry per sample object, in key order
 * @throws {InfraError} ERR_INFRA_OPTION_INVALID when the bucket has no name
 * @throws {InfraError} ERR_INFRA_SAMPLE_OBJECT_EXISTS when a key is taken by other content
 * @throws {S3ServiceException} when S3 refuses a request
 */
export async function uploadSampleObjects(
  options: UploadSampleObjectsOptions,
): Promise<UploadedSampleObject[]> {
  if (!options?.bucketName) {
    throw new InfraError(
      "ERR_INFRA_OPTION_INVALID",
      "bucketName is missing; give the stack's output BucketName.",
    );
  }
  const plan: { object: SampleObject; exists: boolean }[] = [];
  for (const object of await readSampleObjects()) {
    plan.push({ object, exists: await existsUnchanged(options, object) });
  }
  const uploaded: UploadedSampleObject[] = [];
  for (const { object, exists } of plan) {
    if (!exists) {
      await put(options, object);
    }
    uploaded.push({
      key: object.key,
      size: object.content.byteLength,
      status: exists ? "unchanged" : "uploaded",
    });
  }
  return uploaded;
}

async function existsUnchanged(
  { bucketName, client }: UploadSampleObjectsOptions,
  object: SampleObject,
): Promise<boolean> {
  let found: Uint8Array | undefined;
  try {
    const response = await client.send(new GetObjectCommand({ Bucket: bucketName, Key: object.key }));
    found = await response.Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) {
      return false;
    }
    throw error;
  }
  if (found === undefined || !object.content.equals(found)) {
    throw taken(bucketName, object.key);
  }
  return true;
}

async function put({ bucketName, client }: UploadSampleObjectsOptions, object: SampleObject): Promise<void> {
  try {
    await client.send(
      new PutObjectCommand({
        Bucket: bucketName,
        Key: object.key,
        Body: object.content,
        ContentType: object.contentType,
        IfNoneMatch: "*",
      }),
    );
  } catch (error) {
    // Another program wrote the key after the check.
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) {
      throw taken(bucketName, object.key, { cause: error });
    }
    throw error;
  }
}

function taken(bucketName: string, key: string, options?: ErrorOptions): InfraError {
  return new InfraError(
    "ERR_INFRA_SAMPLE_OBJECT_EXISTS",
    `s3://${bucketName}/${key} exists with other content and was left as it is; ` +
      "delete or rename it, or use a bucket without that key.",
    options,
  );
}
