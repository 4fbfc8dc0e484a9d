import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Controller, Get, Header, Inject } from "@nestjs/common";
import { ApiOkResponse, ApiOperation, ApiTags } from "@nestjs/swagger";
import { z } from "zod";
import { Certificate, certificateFacts } from "./certificate.ts";
import { credentialSource } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { ApiProblems } from "./problems.ts";
import { CREDENTIALS, ROLES_ANYWHERE_OPTIONS } from "./roles-anywhere.ts";
import type { RolesAnywhereOptions } from "./roles-anywhere.ts";

const callerIdentity = z.object({
  account: z.string().meta({ example: "123456789012" }),
  arn: z.string().meta({ example: "arn:aws:sts::123456789012:assumed-role/Reader/5f3a" }),
  userId: z.string().describe("<role id>:<session name>"),
  credentialSource: z
    .enum(["profile", "in-process"])
    .describe("a credential process, or this process itself"),
  credentialsObtainedAt: z.iso.datetime().nullable(),
  credentialsExpireAt: z.iso.datetime().nullable().describe("null when they do not expire"),
  certificate: certificateFacts.nullable().describe("null when the profile names none that can be read"),
});
export type CallerIdentity = z.output<typeof callerIdentity>;

/** `GET /api/identity`: asks STS who the credentials belong to. */
@ApiTags("identity")
@ApiProblems()
@Controller("api/identity")
export class IdentityController {
  constructor(
    @Inject(ROLES_ANYWHERE_OPTIONS) private readonly options: RolesAnywhereOptions,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
    @Inject(Certificate) private readonly certificate: Certificate,
    @Inject(STSClient) private readonly sts: STSClient,
  ) {}

  @Get()
  @Header("Cache-Control", "no-store")
  @ApiOperation({ summary: "Who this server is for AWS, and how long its certificate and credentials last" })
  @ApiOkResponse({ standardSchema: callerIdentity })
  async whoAmI(): Promise<CallerIdentity> {
    const { Account, Arn, UserId } = await this.sts.send(new GetCallerIdentityCommand());
    if (Account === undefined || Arn === undefined || UserId === undefined) {
      throw new Error("STS answered GetCallerIdentity without Account, Arn or UserId");
    }
    const { expiration } = await this.credentials();
    // A certificate that cannot be read is for readiness to report; the session that it gave goes on.
    const certificate = await this.certificate.read().catch(() => undefined);
    return {
      account: Account,
      arn: Arn,
      userId: UserId,
      credentialSource: credentialSource(this.options),
      credentialsObtainedAt: this.credentials.obtainedAt()?.toISOString() ?? null,
      credentialsExpireAt: expiration?.toISOString() ?? null,
      certificate: certificate ?? null,
    };
  }
}
