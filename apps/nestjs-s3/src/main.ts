import "reflect-metadata";
import type { Server } from "node:http";
import type { INestApplication } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module.ts";
import { readSettings } from "./config/settings.ts";
import { closeGracefully } from "./server/close-gracefully.ts";
import { listen } from "./server/listen.ts";
import { StderrLogger } from "./server/stderr-logger.ts";

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const app: INestApplication<Server> = await NestFactory.create(AppModule.register(settings), {
    logger: new StderrLogger(),
    abortOnError: false,
  });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    closeGracefully(app).then(
      // A credential process that hangs would keep this process alive.
      () => process.exit(0),
      fail,
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  await app.init();
  // Not app.listen: it would log a taken port by itself, and at length.
  const url = await listen(app.getHttpServer(), settings.host, settings.port);
  process.stdout.write(`listening on ${url}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
