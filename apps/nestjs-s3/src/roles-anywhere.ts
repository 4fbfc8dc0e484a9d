import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { fromIni } from "@aws-sdk/credential-providers";
import { ConfigurableModuleBuilder, Inject, Logger, Module } from "@nestjs/common";
import type { OnApplicationShutdown } from "@nestjs/common";
import { fromRolesAnywhere } from "@roles-anywhere/signer";
import { Certificate } from "./certificate.ts";
import { memoizeSession, SESSION_TIMEOUT_MS, shareCredentials } from "./credentials.ts";
import type { CredentialSource, SessionOptions, SharedCredentials } from "./credentials.ts";
import { reasonOf } from "./log.ts";

export type RolesAnywhereOptions = CredentialSource & {
  /** Region of the clients. */
  readonly region: string;
  /** Puts bucket names into the path, for an S3 that is not AWS's. @default false */
  readonly forcePathStyle?: boolean | undefined;
};

/** Injection token of the {@link SharedCredentials}. */
export const CREDENTIALS = Symbol("CREDENTIALS");

/** Limits of every call of AWS: a request must end even when AWS does not answer. Three attempts, in milliseconds. */
const REQUEST_LIMITS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
} as const;

/** What each AWS client is made with. With a profile, its endpoints count as well. */
export function clientOptions(options: RolesAnywhereOptions, credentials: SharedCredentials) {
  const { region, forcePathStyle = false } = options;
  const profile = "profile" in options ? { profile: options.profile } : {};
  return { ...REQUEST_LIMITS, ...profile, region, forcePathStyle, credentials };
}

/** Injection token of the {@link RolesAnywhereOptions}. */
export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN: ROLES_ANYWHERE_OPTIONS } =
  new ConfigurableModuleBuilder<RolesAnywhereOptions>()
    .setExtras({}, (definition) => ({ ...definition, global: true }))
    .build();

/**
 * One set of credentials, and the AWS clients that share it, for the whole application. `CREDENTIALS`, `S3Client`,
 * `STSClient` and `Certificate` can be injected everywhere.
 *
 * @example
 * RolesAnywhereModule.register({ region: "us-east-1", profile: "roles-anywhere" })
 * RolesAnywhereModule.register({ region: "us-east-1", certificate, privateKey, trustAnchorArn, profileArn, roleArn })
 * RolesAnywhereModule.registerAsync({ inject: [ConfigService], useFactory: (config) => ({ … }) })
 */
@Module({
  providers: [
    {
      provide: CREDENTIALS,
      useFactory: (options: RolesAnywhereOptions) => createCredentials(options),
      inject: [ROLES_ANYWHERE_OPTIONS],
    },
    {
      provide: S3Client,
      useFactory: (options: RolesAnywhereOptions, credentials: SharedCredentials) =>
        new S3Client(clientOptions(options, credentials)),
      inject: [ROLES_ANYWHERE_OPTIONS, CREDENTIALS],
    },
    {
      provide: STSClient,
      useFactory: (options: RolesAnywhereOptions, credentials: SharedCredentials) =>
        new STSClient(clientOptions(options, credentials)),
      inject: [ROLES_ANYWHERE_OPTIONS, CREDENTIALS],
    },
    {
      provide: Certificate,
      useFactory: (options: RolesAnywhereOptions) => new Certificate(options),
      inject: [ROLES_ANYWHERE_OPTIONS],
    },
  ],
  exports: [ROLES_ANYWHERE_OPTIONS, CREDENTIALS, S3Client, STSClient, Certificate],
})
export class RolesAnywhereModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(
    @Inject(S3Client) private readonly s3: S3Client,
    @Inject(STSClient) private readonly sts: STSClient,
  ) {
    super();
  }

  onApplicationShutdown(): void {
    this.s3.destroy();
    this.sts.destroy();
  }
}

/** Makes the credentials of the whole server: from a profile, as in any other application, or from Roles Anywhere. */
export function createCredentials(
  source: CredentialSource,
  { now = Date.now, onRenewalFailure = warn }: SessionOptions = {},
): SharedCredentials {
  if ("profile" in source) {
    const { profile } = source;
    // With ignoreCache the next attempt reads a profile that was written or corrected while the server runs.
    return shareCredentials(memoizeSession(fromIni({ profile, ignoreCache: true }), { onRenewalFailure }));
  }
  // It caches sessions, renews them in the background, and reads certificate and key for each one. Endpoint, FIPS, dual
  // stack and the number of attempts come from the AWS variables.
  return shareCredentials(
    fromRolesAnywhere({
      ...source,
      // The clients' region is that of the bucket; Roles Anywhere is asked in the region of the trust anchor.
      region: undefined,
      totalTimeoutMs: SESSION_TIMEOUT_MS,
      now: () => new Date(now()),
      onRefreshFailure: onRenewalFailure,
    }),
  );
}

const warn = (cause: unknown): void =>
  new Logger("Credentials").warn(`renewal failed, the current session goes on: ${reasonOf(cause)}`);
