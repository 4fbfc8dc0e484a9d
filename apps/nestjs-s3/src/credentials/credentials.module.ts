import { fromIni } from "@aws-sdk/credential-providers";
import { Global, Logger, Module } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import type { Settings } from "../config/settings.ts";
import { type SharedCredentials, shareCredentials } from "./share-credentials.ts";

/** Injection token of the {@link SharedCredentials} that every AWS client is made with. */
export const CREDENTIALS = Symbol("CREDENTIALS");

/** The one place where credentials come from: a profile, like any other, or Roles Anywhere without one. */
@Global()
@Module({
  providers: [{ provide: CREDENTIALS, inject: [SETTINGS], useFactory: createCredentials }],
  exports: [CREDENTIALS],
})
export class CredentialsModule {}

async function createCredentials({ credentials }: Settings): Promise<SharedCredentials> {
  const logger = new Logger("Credentials");
  const onRenewalFailure = (reason: string): void =>
    logger.warn(`renewal failed, the current session goes on: ${reason}`);
  if (credentials.source === "in-process") {
    // Loaded when it is used: with a profile, nothing here is about Roles Anywhere.
    const { inProcessCredentials } = await import("./in-process-credentials.ts");
    return inProcessCredentials(credentials, { onRenewalFailure });
  }
  const { profile } = credentials;
  // ignoreCache: a profile written or corrected while the server runs counts from the next attempt.
  return shareCredentials(fromIni({ profile, ignoreCache: true }), { onRenewalFailure });
}
