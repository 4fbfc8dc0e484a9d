import { Inject, Injectable } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import type { Settings } from "../config/settings.ts";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";
import { type FileListing, listFiles } from "./list-files.ts";
import { S3Clients } from "./s3-clients.ts";

/**
 * Most objects that one answer lists, as many as one page of ListObjectsV2 may hold. Signing a link takes
 * about half a millisecond, so this keeps one request from occupying the server for more than a moment.
 */
export const MAX_FILES = 1000;

/** What the bucket holds. */
@Injectable()
export class StorageService {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(S3Clients) private readonly clients: S3Clients,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {}

  /** Lists at most {@link MAX_FILES} objects, each with a presigned link. */
  list(): Promise<FileListing> {
    return listFiles({
      bucket: this.settings.bucket,
      reader: this.clients.reader,
      linkSigner: this.clients.linkSigner,
      credentials: this.credentials,
      maxFiles: MAX_FILES,
    });
  }
}
