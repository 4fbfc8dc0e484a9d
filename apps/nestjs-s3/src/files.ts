import { setImmediate } from "node:timers/promises";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { Controller, Get, Header, Inject, Injectable, Query } from "@nestjs/common";
import { ApiOkResponse, ApiOperation, ApiTags } from "@nestjs/swagger";
import { z } from "zod";
import type { SharedCredentials } from "./credentials.ts";
import { ApiProblems } from "./problems.ts";
import { clientOptions, CREDENTIALS, ROLES_ANYWHERE_OPTIONS } from "./roles-anywhere.ts";
import type { RolesAnywhereOptions } from "./roles-anywhere.ts";
import { SETTINGS } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** Longest validity of a presigned link, in seconds. */
export const LONGEST_LINK_SECONDS = 3600;

/** Most objects that one response lists: each link takes about half a millisecond of computing. */
export const MAX_LIMIT = 100;

// What each parameter takes, in one sentence: zod's own words name types of JavaScript, not what to write.
const PREFIX = { error: "must be given once, with at most 1024 characters" };
const LIMIT = { error: `must be a whole number from 1 to ${MAX_LIMIT}` };
const CURSOR = { error: "must be `nextCursor` of the previous page, or left out for the first one" };

const listQuery = z.object({
  prefix: z.string(PREFIX).max(1024, PREFIX).optional().describe("only objects whose key begins like this"),
  limit: z.coerce
    .number(LIMIT)
    .int(LIMIT)
    .min(1, LIMIT)
    .max(MAX_LIMIT, LIMIT)
    .default(50)
    .describe("most objects to list"),
  cursor: z
    .string(CURSOR)
    .min(1, CURSOR)
    .max(2048, CURSOR)
    .optional()
    .describe("`nextCursor` of the previous page, same prefix"),
});
export type ListQuery = z.output<typeof listQuery>;

const fileListing = z.object({
  files: z.array(
    z.object({
      fileName: z.string().describe("the object's key"),
      size: z.int().describe("in bytes"),
      lastModified: z.iso.datetime(),
      viewUrl: z.url().describe("presigned: opens the object without credentials until it expires"),
      viewUrlExpiresAt: z.iso.datetime().describe("in an hour, or when the session ends that signed the URL"),
    }),
  ),
  nextCursor: z.string().nullable().describe("asks for the next page; null on the last one"),
});
export type FileListing = z.output<typeof fileListing>;

/** The bucket: lists objects, and signs a link to each one. */
@Injectable()
export class FilesService {
  /** Signs the links. A link works only for the host that it was signed for: the one that browsers use. */
  private readonly linkSigner: S3Client;
  private readonly linkOptions: S3ClientConfig;
  private readonly bucket: string;
  /** When the next link may be signed: one at a time, however many clients there are. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(S3Client) private readonly s3: S3Client,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
    @Inject(ROLES_ANYWHERE_OPTIONS) options: RolesAnywhereOptions,
    @Inject(SETTINGS) { bucket, s3PublicEndpoint: endpoint }: Pick<Settings, "bucket" | "s3PublicEndpoint">,
  ) {
    this.bucket = bucket;
    const own = clientOptions(options, credentials);
    this.linkOptions = endpoint === undefined ? own : { ...own, endpoint, forcePathStyle: true };
    this.linkSigner = new S3Client(this.linkOptions);
  }

  /**
   * Lists one page of the bucket, in S3's order: by the bytes of the names.
   *
   * @throws {CredentialsUnavailableError} and the SDK's errors, unchanged.
   */
  async listFiles({ prefix, limit, cursor }: ListQuery): Promise<FileListing> {
    const { Contents = [], NextContinuationToken } = await this.s3.send(
      new ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: prefix,
        MaxKeys: limit,
        ContinuationToken: cursor,
      }),
    );
    const { expiration } = await this.credentials();
    const signingDate = new Date();
    const expiresIn = linkLifetimeSeconds(expiration, signingDate.getTime());
    const viewUrlExpiresAt = new Date(signingDate.getTime() + expiresIn * 1000).toISOString();
    const files: FileListing["files"] = [];
    for (const { Key, Size = 0, LastModified } of Contents) {
      if (Key === undefined || LastModified === undefined) continue;
      // Signing does not wait for I/O: without turns the server would handle no other request until the end.
      await (this.turn = this.turn.then(() => setImmediate()));
      const command = new GetObjectCommand({ Bucket: this.bucket, Key });
      const viewUrl = await getSignedUrl(this.linkSigner, command, { expiresIn, signingDate });
      const lastModified = LastModified.toISOString();
      files.push({ fileName: Key, size: Size, lastModified, viewUrl, viewUrlExpiresAt });
    }
    return { files, nextCursor: NextContinuationToken ?? null };
  }

  /** Fails as `listFiles` does when the bucket cannot be listed. */
  async checkBucket(abortSignal: AbortSignal): Promise<void> {
    await this.s3.send(new ListObjectsV2Command({ Bucket: this.bucket, MaxKeys: 1 }), { abortSignal });
  }

  /** Scheme, host and port of the links: the page shows images from there. Needs no credentials. */
  async linkOrigin(): Promise<string> {
    const unsigned = new S3Client({
      ...this.linkOptions,
      credentials: { accessKeyId: "none", secretAccessKey: "none" },
    });
    const url = await getSignedUrl(unsigned, new GetObjectCommand({ Bucket: this.bucket, Key: "any" }));
    return new URL(url).origin;
  }
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

@ApiTags("files")
@ApiProblems()
@Controller("api/files")
export class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService) {}

  @Get()
  @Header("Cache-Control", "no-store")
  @ApiOperation({ summary: "The bucket's objects, page by page, each with a presigned link" })
  @ApiOkResponse({ standardSchema: fileListing })
  async list(@Query({ schema: listQuery }) query: ListQuery): Promise<FileListing> {
    return this.files.listFiles(query);
  }
}
