import "reflect-metadata";
import { Module } from "@nestjs/common";
import type { DynamicModule, NestApplicationOptions } from "@nestjs/common";
import { APP_FILTER, NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { createCredentials, CREDENTIALS } from "./credentials.ts";
import { FilesController, FilesService } from "./files.ts";
import { HealthController } from "./health.ts";
import { IdentityController } from "./identity.ts";
import { PageController } from "./page.ts";
import { ProblemFilter } from "./problems.ts";
import { protection } from "./protection.ts";
import { SETTINGS } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** The module with the whole server. */
@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      controllers: [PageController, FilesController, IdentityController, HealthController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: CREDENTIALS, useFactory: () => createCredentials(settings.credentials) },
        { provide: APP_FILTER, useClass: ProblemFilter },
        FilesService,
      ],
    };
  }
}

/** Makes the server. It does not listen yet. */
export async function createApp(
  settings: Settings,
  options: Pick<NestApplicationOptions, "logger">,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(settings), {
    ...options,
    abortOnError: false,
    // No route reads a body.
    bodyParser: false,
  });
  app.disable("x-powered-by");
  // This is the first middleware, so that every response has its headers.
  app.use(protection(settings.allowedHosts));
  return app.init();
}
