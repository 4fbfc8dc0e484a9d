import { type DynamicModule, Module } from "@nestjs/common";
import { APP_FILTER } from "@nestjs/core";
import { ConfigModule } from "./config/config.module.ts";
import type { Settings } from "./config/settings.ts";
import { CredentialsModule } from "./credentials/credentials.module.ts";
import { HealthModule } from "./health/health.module.ts";
import { IdentityModule } from "./identity/identity.module.ts";
import { ProblemFilter } from "./problems/problem.filter.ts";
import { StorageModule } from "./storage/storage.module.ts";
import { WebModule } from "./web/web.module.ts";

/** The whole server, for given settings. */
@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.register(settings),
        CredentialsModule,
        StorageModule,
        IdentityModule,
        HealthModule,
        WebModule,
      ],
      providers: [{ provide: APP_FILTER, useClass: ProblemFilter }],
    };
  }
}
