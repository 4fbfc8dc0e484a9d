import "reflect-metadata";
import type { Server } from "node:http";
import { type INestApplication } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module.ts";
import { readSettings } from "./config/settings.ts";
import { closeGracefully } from "./server/close-gracefully.ts";
import { listeningUrl } from "./server/listening-url.ts";
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

  await app.listen(settings.port, settings.host);
  const address = app.getHttpServer().address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  process.stdout.write(`listening on ${listeningUrl(address)}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
