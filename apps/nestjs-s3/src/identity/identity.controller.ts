import { Controller, Get, Header, Inject } from "@nestjs/common";
import type { CallerIdentity } from "./caller-identity.ts";
import { IdentityService } from "./identity.service.ts";

/** `GET /api/identity`: the caller that AWS sees. */
@Controller("api/identity")
export class IdentityController {
  constructor(@Inject(IdentityService) private readonly identity: IdentityService) {}

  @Get()
  @Header("Cache-Control", "no-store")
  whoAmI(): Promise<CallerIdentity> {
    return this.identity.whoAmI();
  }
}
