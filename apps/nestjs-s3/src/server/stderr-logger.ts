import { ConsoleLogger, type LogLevel } from "@nestjs/common";

/** Nest's logger, kept off stdout: there stands only the line that says where the server listens. */
export class StderrLogger extends ConsoleLogger {
  constructor() {
    super({
      logLevels: ["warn", "error", "fatal"],
      prefix: "nestjs-s3",
      colors: Boolean(process.stderr.isTTY),
    });
  }

  protected override printMessages(
    messages: unknown[],
    context?: string,
    logLevel?: LogLevel,
    _stream?: "stdout" | "stderr",
    errorStack?: unknown,
  ): void {
    super.printMessages(messages, context, logLevel, "stderr", errorStack);
  }
}
