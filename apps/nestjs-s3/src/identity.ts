import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Controller, Get, Header, Inject } from "@nestjs/common";
import type { OnApplicationShutdown } from "@nestjs/common";
import { AWS_TIMEOUTS, awsClientOptions } from "./aws-client-options.ts";
import { CREDENTIALS } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { SETTINGS } from "./settings.ts";
import type { CredentialsSettings, Settings } from "./settings.ts";

/** The identity under which AWS sees this server. */
export interface CallerIdentity {
  /** Twelve digits. */
  readonly account: string;
  /** With Roles Anywhere `arn:aws:sts::<account>:assumed-role/<role>/<session name>`. */
  readonly arn: string;
  /** `<role id>:<session name>` */
  readonly userId: string;
  /** Where the credentials come from: a profile's credential process, or this process itself. */
  readonly credentialSource: CredentialsSettings["source"];
  /** ISO 8601, UTC; null when the credentials do not expire. */
  readonly credentialsExpireAt: string | null;
}

/** `GET /api/identity`: asks STS who the credentials belong to. */
@Controller("api/identity")
export class IdentityController implements OnApplicationShutdown {
  private readonly sts: STSClient;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {
    this.sts = new STSClient({ ...awsClientOptions(settings), credentials, requestHandler: AWS_TIMEOUTS });
  }

  @Get()
  @Header("Cache-Control", "no-store")
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
