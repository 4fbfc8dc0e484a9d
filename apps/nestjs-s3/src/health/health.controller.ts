import { Controller, Get, Header, Inject } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import type { CredentialsSettings } from "../config/credentials-settings.ts";
import type { Settings } from "../config/settings.ts";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";

/** What both checks answer when all is well. */
export interface Health {
  readonly status: "ok";
  /** Where the credentials come from. */
  readonly credentialSource: CredentialsSettings["source"];
}

@Controller("health")
export class HealthController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {}

  /** Alive: the process answers. AWS is not asked, so an outage there restarts nothing here. */
  @Get()
  @Header("Cache-Control", "no-store")
  alive(): Health {
    return { status: "ok", credentialSource: this.settings.credentials.source };
  }

  /** Ready: credentials are at hand or can be had. Asks for a session at most once in its life. */
  @Get("ready")
  @Header("Cache-Control", "no-store")
  async ready(): Promise<Health> {
    await this.credentials();
    return this.alive();
  }
}
