import type { IncomingMessage } from "node:http";
import { Controller, Get, Inject, Req } from "@nestjs/common";
import { ApiOkResponse, ApiTags } from "@nestjs/swagger";
import { HealthCheck, HealthCheckService, HealthIndicatorService } from "@nestjs/terminus";
import type { HealthCheckResult, HealthIndicatorResult } from "@nestjs/terminus";
import { SkipThrottle } from "@nestjs/throttler";
import type { Logger } from "pino";
import { Certificate } from "./certificate.ts";
import { credentialSource } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { FilesService } from "./files.ts";
import { ApiProblems, Problems } from "./problems.ts";
import { CREDENTIALS, ROLES_ANYWHERE_OPTIONS } from "./roles-anywhere.ts";
import type { RolesAnywhereOptions } from "./roles-anywhere.ts";

/** How long readiness waits for AWS, in milliseconds: probes do not wait long. */
const TIMEOUT_MS = 8000;

/** A certificate with fewer days left than this makes readiness say `degraded`, which keeps the status 200. */
const FEW_DAYS = 14;

/** For the programs that decide whether to restart this server or to send it requests. */
@ApiTags("health")
@ApiProblems()
@SkipThrottle()
@Controller("health")
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(ROLES_ANYWHERE_OPTIONS) private readonly options: RolesAnywhereOptions,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
    @Inject(Certificate) private readonly certificate: Certificate,
    @Inject(FilesService) private readonly files: FilesService,
    @Inject(Problems) private readonly problems: Problems,
  ) {}

  /** Alive: this process answers. AWS is not asked, so that an outage there restarts no server. */
  @Get()
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOkResponse({ description: "alive" })
  async alive(): Promise<HealthCheckResult> {
    return this.health.check([]);
  }

  /** Ready: there are credentials, and the bucket can be listed. Probes that come together share one look. */
  @Get("ready")
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ApiOkResponse({ description: "ready; `degraded` when the certificate needs attention soon" })
  async ready(@Req() { log }: IncomingMessage): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.checkCredentials(log),
      () => this.checkCertificate(),
      () => this.checkBucket(log),
    ]);
  }

  private async checkCredentials(log: Logger): Promise<HealthIndicatorResult> {
    return this.indicators
      .check("credentials")
      .attempt(async () => {
        const { expiration } = await this.credentials().catch((error: unknown) => this.fail(error, log));
        return { source: credentialSource(this.options), expireAt: expiration?.toISOString() };
      })
      .withTimeout(TIMEOUT_MS)
      .cacheFor(1);
  }

  private async checkCertificate(): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check("certificate");
    try {
      const facts = await this.certificate.read();
      if (facts === undefined) return indicator.up("the profile names no certificate");
      if (facts.daysLeft >= FEW_DAYS) return indicator.up({ ...facts });
      const message =
        facts.daysLeft < 0
          ? "it has expired: there will be no session after the current one; replace it now"
          : `it expires in ${facts.daysLeft} days; replace it`;
      return indicator.degraded({ ...facts, message });
    } catch {
      return indicator.degraded("it cannot be read: there will be no session after the current one");
    }
  }

  private async checkBucket(log: Logger): Promise<HealthIndicatorResult> {
    return this.indicators
      .check("bucket")
      .attempt(async ({ signal }) => {
        await this.credentials().catch(() => {
          throw new Error("not asked, because there are no credentials");
        });
        await this.files.checkBucket(signal).catch((error: unknown) => this.fail(error, log));
      })
      .withTimeout(TIMEOUT_MS)
      .cacheFor(1);
  }

  private fail(error: unknown, log: Logger): never {
    throw new Error(this.problems.explain(error, log).detail);
  }
}
