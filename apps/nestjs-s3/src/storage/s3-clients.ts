import { S3Client } from "@aws-sdk/client-s3";
import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import { awsClientOptions } from "../config/aws-client-options.ts";
import type { Settings } from "../config/settings.ts";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";
import { AWS_TIMEOUTS } from "../config/aws-timeouts.ts";

/** The S3 clients: one that talks to S3, one that only signs links. */
@Injectable()
export class S3Clients implements OnApplicationShutdown {
  readonly reader: S3Client;
  readonly linkSigner: S3Client;

  constructor(@Inject(SETTINGS) settings: Settings, @Inject(CREDENTIALS) credentials: SharedCredentials) {
    const { s3ForcePathStyle, s3PublicEndpoint } = settings;
    const options = { ...awsClientOptions(settings), credentials };
    this.reader = new S3Client({
      ...options,
      forcePathStyle: s3ForcePathStyle,
      requestHandler: AWS_TIMEOUTS,
    });
    // A presigned URL holds the host it was signed for, so browsers need one signed for the name they use.
    this.linkSigner =
      s3PublicEndpoint === undefined
        ? this.reader
        : new S3Client({ ...options, endpoint: s3PublicEndpoint, forcePathStyle: true });
  }

  onApplicationShutdown(): void {
    this.reader.destroy();
    this.linkSigner.destroy();
  }
}
