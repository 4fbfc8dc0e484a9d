import { Controller, Get, Header, Inject } from "@nestjs/common";
import { CREDENTIALS } from "./credentials.ts";
import type { SharedCredentials } from "./credentials.ts";
import { SETTINGS } from "./settings.ts";
import type { CredentialsSettings, Settings } from "./settings.ts";

/** The body of both health checks when they succeed. */
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

  /** Alive: this process answers. The check does not call AWS, so an outage of AWS restarts no server. */
  @Get()
  @Header("Cache-Control", "no-store")
  alive(): Health {
    return { status: "ok", credentialSource: this.settings.credentials.source };
  }

  /** Ready: the server has credentials or can get them. The check asks for at most one session until that expires. */
  @Get("ready")
  @Header("Cache-Control", "no-store")
  async ready(): Promise<Health> {
    await this.credentials();
    return this.alive();
  }
}
