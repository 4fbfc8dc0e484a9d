import type { IncomingMessage, ServerResponse } from "node:http";
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Logger } from "@nestjs/common";
import { SETTINGS } from "../config/config.module.ts";
import type { Settings } from "../config/settings.ts";
import { CREDENTIALS } from "../credentials/credentials.module.ts";
import type { SharedCredentials } from "../credentials/share-credentials.ts";
import { problemFromError } from "./problem-from-error.ts";

/** Answers every error as a problem document and logs those that are this server's or AWS's. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger("Problem");

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CREDENTIALS) private readonly credentials: SharedCredentials,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = problemFromError(error, this.settings);
    if (problem.code === "CREDENTIALS_REJECTED") this.credentials.forget();

    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    if (problem.status >= 500) {
      const path = request.url?.split("?")[0] ?? "";
      const stack = problem.code === "INTERNAL_ERROR" && error instanceof Error ? error.stack : undefined;
      const line = `${request.method} ${path} answered ${problem.status} ${problem.code}: ${problem.detail}`;
      if (stack === undefined) this.logger.error(line);
      else this.logger.error(line, stack);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.statusCode = problem.status;
    response.setHeader("Content-Type", "application/problem+json; charset=utf-8");
    response.setHeader("Cache-Control", "no-store");
    response.end(JSON.stringify(problem));
  }
}
