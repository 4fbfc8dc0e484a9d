import { createApp } from "./app.ts";
import { createLog } from "./log.ts";
import { closeGracefully, listen } from "./server.ts";
import { readSettings } from "./settings.ts";

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const app = await createApp(settings, createLog(settings.logLevel));

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    closeGracefully(app).then(
      // Without this call a credential process that hangs would keep this process running.
      () => process.exit(0),
      fail,
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);

  // Not app.listen(), which logs a stack trace when the port is in use.
  const url = await listen(app.getHttpServer(), settings.host, settings.port);
  process.stdout.write(`listening on ${url}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);
