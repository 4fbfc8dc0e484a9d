import { fromIni } from "@aws-sdk/credential-providers";
import { Global, Logger, Module } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import type { Settings } from "../config/settings.ts";
import { type SharedCredentials, shareCredentials } from "./share-credentials.ts";

/** Injection token of the {@link SharedCredentials} that every AWS client is made with. */
export const CREDENTIALS = Symbol("CREDENTIALS");

/** The one place where credentials come from: a profile, like any other. */
@Global()
@Module({
  providers: [
    {
      provide: CREDENTIALS,
      inject: [SETTINGS],
      useFactory: ({ profile }: Settings): SharedCredentials => {
        const logger = new Logger("Credentials");
        // ignoreCache: a profile written or corrected while the server runs counts from the next attempt.
        return shareCredentials(fromIni({ profile, ignoreCache: true }), {
          onRenewalFailure: (reason) => logger.warn(`renewal failed, the current session goes on: ${reason}`),
        });
      },
    },
  ],
  exports: [CREDENTIALS],
})
export class CredentialsModule {}
