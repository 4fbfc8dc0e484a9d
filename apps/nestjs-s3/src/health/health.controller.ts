import { Controller, Get, Header, Inject } from "@nestjs/common";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";

/** What both checks answer when all is well. */
export interface Health {
  readonly status: "ok";
}

@Controller("health")
export class HealthController {
  constructor(@Inject(CREDENTIALS) private readonly credentials: SharedCredentials) {}

  /** Alive: the process answers. AWS is not asked, so an outage there restarts nothing here. */
  @Get()
  @Header("Cache-Control", "no-store")
  alive(): Health {
    return { status: "ok" };
  }

  /** Ready: credentials are at hand or can be had. Runs the credential process at most once per session. */
  @Get("ready")
  @Header("Cache-Control", "no-store")
  async ready(): Promise<Health> {
    await this.credentials();
    return { status: "ok" };
  }
}
