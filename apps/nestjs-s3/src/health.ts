import { Controller, Get, Header, Inject } from "@nestjs/common";
import { CREDENTIALS } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { SETTINGS } from "./settings.ts";
import type { CredentialsSettings, Settings } from "./settings.ts";

/** The body of both checks when all is well. */
export interface Health {
  readonly status: "ok";
  /** Where the credentials come from. */
  readonly credentialSource: CredentialsSettings["source"];
}

/** For the programs that decide whether to restart this server or to send it requests. */
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

  /** Ready: there are credentials, or they can be had. Asks for a session at most once in its life. */
  @Get("ready")
  @Header("Cache-Control", "no-store")
  async ready(): Promise<Health> {
    await this.credentials();
    return this.alive();
  }
}
