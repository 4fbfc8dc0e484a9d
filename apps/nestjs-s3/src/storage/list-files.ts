import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Credentials } from "../credentials/share-credentials.ts";
import { linkLifetimeSeconds } from "./link-lifetime.ts";
import type { StoredFile } from "./stored-file.ts";

export interface ListFilesInput {
  readonly bucket: string;
  /** Lists the objects. */
  readonly reader: S3Client;
  /** Signs the links: the same client, or one that knows S3 by its public name. */
  readonly linkSigner: S3Client;
  /** The credentials that `linkSigner` signs with. */
  readonly credentials: () => Promise<Credentials>;
  /** Where to stop. */
  readonly maxFiles: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

export interface FileListing {
  /** In S3's order: by UTF-8 bytes of the name. */
  readonly files: readonly StoredFile[];
  /** True when the bucket holds more than `maxFiles` objects. */
  readonly truncated: boolean;
}

/**
 * Lists the bucket's objects page by page, each with a presigned link.
 *
 * @throws The SDK's errors, unchanged.
 */
export async function listFiles(input: ListFilesInput): Promise<FileListing> {
  const { bucket, reader, linkSigner, credentials, maxFiles, now = Date.now } = input;
  const found: { key: string; size: number; lastModified: Date }[] = [];
  let truncated = false;
  const pages = paginateListObjectsV2({ client: reader }, { Bucket: bucket });
  for await (const page of pages) {
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      if (Key === undefined || LastModified === undefined) continue;
      found.push({ key: Key, size: Size ?? 0, lastModified: LastModified });
    }
    if (found.length >= maxFiles) {
      truncated = found.length > maxFiles || page.IsTruncated === true;
      break;
    }
  }

  const { expiration } = await credentials();
  const signedAt = now();
  const options = {
    expiresIn: linkLifetimeSeconds(expiration, signedAt),
    signingDate: new Date(signedAt),
  };
  const files = await Promise.all(
    found.slice(0, maxFiles).map(async ({ key, size, lastModified }): Promise<StoredFile> => ({
      fileName: key,
      size,
      lastModified: lastModified.toISOString(),
      viewUrl: await getSignedUrl(linkSigner, new GetObjectCommand({ Bucket: bucket, Key: key }), options),
    })),
  );
  return { files, truncated };
}
