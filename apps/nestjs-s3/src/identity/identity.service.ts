import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common";
import { awsClientOptions } from "../config/aws-client-options.ts";
import { AWS_TIMEOUTS } from "../config/aws-timeouts.ts";
import { SETTINGS } from "../config/config.module.ts";
import type { Settings } from "../config/settings.ts";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";
import type { CallerIdentity } from "./caller-identity.ts";

/** Asks AWS who the credentials belong to. */
@Injectable()
export class IdentityService implements OnApplicationShutdown {
  private readonly sts: STSClient;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {
    this.sts = new STSClient({ ...awsClientOptions(settings), credentials, requestHandler: AWS_TIMEOUTS });
  }

  async whoAmI(): Promise<CallerIdentity> {
    const { Account, Arn, UserId } = await this.sts.send(new GetCallerIdentityCommand());
    if (Account === undefined || Arn === undefined || UserId === undefined) {
      throw new Error("STS answered GetCallerIdentity without Account, Arn or UserId");
    }
    const { expiration } = await this.credentials();
    return {
      account: Account,
      arn: Arn,
      userId: UserId,
      credentialSource: this.settings.credentials.source,
      credentialsExpireAt: expiration?.toISOString() ?? null,
    };
  }

  onApplicationShutdown(): void {
    this.sts.destroy();
  }
}
