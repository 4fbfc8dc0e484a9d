import "reflect-metadata";
import { fileURLToPath } from "node:url";
import { Module, StandardSchemaValidationPipe } from "@nestjs/common";
import type { DynamicModule } from "@nestjs/common";
import { APP_FILTER, APP_GUARD, APP_PIPE, NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { DocumentBuilder, SwaggerModule } from "@nestjs/swagger";
import { TerminusModule } from "@nestjs/terminus";
import { ThrottlerGuard, ThrottlerModule } from "@nestjs/throttler";
import type { Logger } from "pino";
import { FilesController, FilesService } from "./files.ts";
import { HealthController } from "./health.ts";
import { IdentityController } from "./identity.ts";
import { nestLogger, requestLog } from "./log.ts";
import { InvalidParameters, ProblemFilter, Problems } from "./problems.ts";
import { docsHeaders, refuseOtherSites, securityHeaders } from "./protection.ts";
import { RolesAnywhereModule } from "./roles-anywhere.ts";
import { SETTINGS } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** The module with the whole server. */
@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    const { credentials, region, s3ForcePathStyle: forcePathStyle, requestsPerMinute: limit } = settings;
    return {
      module: AppModule,
      imports: [
        RolesAnywhereModule.register({ ...credentials, region, forcePathStyle }),
        TerminusModule.forRoot({ logger: false }),
        ThrottlerModule.forRoot([{ ttl: 60_000, limit }]),
      ],
      controllers: [FilesController, IdentityController, HealthController],
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useClass: ThrottlerGuard },
        {
          provide: APP_PIPE,
          useValue: new StandardSchemaValidationPipe({
            exceptionFactory: (issues) => new InvalidParameters(issues),
          }),
        },
        FilesService,
        Problems,
      ],
    };
  }
}

// The folder is beside src/ and dist/, so this path is right for tests and for the built server.
const PUBLIC_FOLDER = fileURLToPath(new URL("../public/", import.meta.url));

/** Makes the server. It does not listen yet. */
export async function createApp(settings: Settings, log: Logger): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.register(settings), {
    logger: nestLogger(log),
    abortOnError: false,
    // No route reads a body.
    bodyParser: false,
  });
  // In this order: every response, a refusal too, has its request id and its headers.
  app.use(requestLog(log));
  app.use(securityHeaders(await app.get(FilesService).linkOrigin()));
  app.use("/docs", docsHeaders);
  app.use(refuseOtherSites(settings.allowedHosts));
  app.useStaticAssets(PUBLIC_FOLDER, { maxAge: 0 });
  const description = new DocumentBuilder()
    .setTitle("Files of an S3 bucket")
    .setDescription("Read by a server outside AWS, without a static access key.")
    .build();
  SwaggerModule.setup("docs", app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: "docs/openapi.json",
    raw: ["json"],
    customSiteTitle: "API · Roles Anywhere sample",
  });
  return app.init();
}
