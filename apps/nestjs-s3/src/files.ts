import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { Controller, Get, Header, Inject, Injectable, Res } from "@nestjs/common";
import type { OnApplicationShutdown } from "@nestjs/common";
import { AWS_TIMEOUTS, awsClientOptions } from "./aws-client-options.ts";
import { CREDENTIALS } from "./credentials.ts";
import type { Credentials, SharedCredentials } from "./credentials.ts";
import { SETTINGS } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** One object of the bucket, as `GET /api/files` shows it. */
export interface StoredFile {
  /** The object's key. */
  readonly fileName: string;
  /** Size in bytes. */
  readonly size: number;
  /** ISO 8601, UTC. */
  readonly lastModified: string;
  /** Presigned URL: opens the object without credentials until the URL expires. */
  readonly viewUrl: string;
}

export interface FileListing {
  /** In S3's order: by UTF-8 bytes of the name. */
  readonly files: readonly StoredFile[];
  /** True when the bucket holds more objects than are listed. */
  readonly truncated: boolean;
}

export interface ListFilesInput {
  readonly bucket: string;
  /** Lists the objects. */
  readonly reader: S3Client;
  /** Signs the links: the same client, or one that knows S3 by its public name. */
  readonly linkSigner: S3Client;
  /** The credentials that `linkSigner` signs with. */
  readonly credentials: () => Promise<Credentials>;
  /** Most objects to list. */
  readonly maxFiles: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Most objects that one response lists: as many as one page of ListObjectsV2 may hold. */
export const MAX_FILES = 1000;

/** Longest validity of a presigned link, in seconds. */
export const LONGEST_LINK_SECONDS = 3600;

/** After signing so many links, the server handles other requests. One link takes about half a millisecond. */
const LINKS_AT_A_TIME = 20;

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
  const files: StoredFile[] = [];
  for (const { key, size, lastModified } of found.slice(0, maxFiles)) {
    const viewUrl = await getSignedUrl(
      linkSigner,
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      options,
    );
    files.push({ fileName: key, size, lastModified: lastModified.toISOString(), viewUrl });
    // Signing does not wait for I/O, so without this call the server would handle no other request until the end.
    if (files.length % LINKS_AT_A_TIME === 0) await setImmediate();
  }
  return { files, truncated };
}

/**
 * Returns for how many seconds a link that is signed now is valid.
 *
 * A presigned URL stops working when the session that signed it expires, even if the URL says otherwise. So the link gets
 * at most the time that remains of the session.
 *
 * @param expiration - When the signing credentials expire; undefined when they do not.
 * @param now - Milliseconds since the epoch.
 * @returns A whole number from 1 (the least that S3 accepts) to 3600.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
 */
export function linkLifetimeSeconds(expiration: Date | undefined, now: number): number {
  if (expiration === undefined) return LONGEST_LINK_SECONDS;
  const remainingSeconds = Math.floor((expiration.getTime() - now) / 1000);
  return Math.max(1, Math.min(LONGEST_LINK_SECONDS, remainingSeconds));
}

/**
 * Allows one run of `work` at a time. All calls that come during a run share the next run. So each result shows everything
 * that happened before the call, and any number of calls at the same time costs at most two runs.
 */
export function oneRunAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let lastRun: Promise<unknown> = Promise.resolve();
  let nextRun: Promise<T> | undefined;
  const start = (): Promise<T> => {
    nextRun = undefined;
    const run = work();
    lastRun = run.catch(() => {});
    return run;
  };
  return () => (nextRun ??= lastRun.then(start));
}

/** The bucket, through two S3 clients: one lists, one signs links. */
@Injectable()
export class FilesService implements OnApplicationShutdown {
  private readonly reader: S3Client;
  private readonly linkSigner: S3Client;

  /** Lists at most {@link MAX_FILES} objects, each with a presigned link. */
  readonly list: () => Promise<FileListing>;

  constructor(@Inject(SETTINGS) settings: Settings, @Inject(CREDENTIALS) credentials: SharedCredentials) {
    const { bucket, s3ForcePathStyle, s3PublicEndpoint } = settings;
    const options = { ...awsClientOptions(settings), credentials };
    this.reader = new S3Client({
      ...options,
      forcePathStyle: s3ForcePathStyle,
      requestHandler: AWS_TIMEOUTS,
    });
    // A presigned URL works only for the host that it was signed for, so it must have the host name that browsers use.
    this.linkSigner =
      s3PublicEndpoint === undefined
        ? this.reader
        : new S3Client({ ...options, endpoint: s3PublicEndpoint, forcePathStyle: true });
    const { reader, linkSigner } = this;
    this.list = oneRunAtATime(() =>
      listFiles({ bucket, reader, linkSigner, credentials, maxFiles: MAX_FILES }),
    );
  }

  onApplicationShutdown(): void {
    this.reader.destroy();
    this.linkSigner.destroy();
  }
}

/** `GET /api/files`: the bucket's objects as a JSON array. */
@Controller("api/files")
export class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService) {}

  @Get()
  @Header("Cache-Control", "no-store")
  async list(@Res({ passthrough: true }) response: ServerResponse): Promise<readonly StoredFile[]> {
    const { files, truncated } = await this.files.list();
    if (truncated) response.setHeader("X-Truncated", "true");
    return files;
  }
}
