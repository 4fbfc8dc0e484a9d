import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { LoggerService } from "@nestjs/common";
import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";
import { pinoHttp } from "pino-http";

/** How many characters of a text from outside this server one line of the log or one problem holds. */
const LONGEST_TEXT = 1000;

/** Control characters, invisible ones such as those that turn the writing direction, and the line ends of Unicode. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What turns a presigned URL into a credential. */
const SIGNATURE = /\b(X-Amz-(?:Signature|Security-Token|Credential))=[^&\s"\\]+/gi;

/**
 * Makes text from outside this server safe for a terminal: control characters, which could move the cursor or forge a
 * line, become escapes; signatures of presigned URLs are left out; the length is limited.
 */
export function printable(text: string): string {
  const bounded = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return bounded
    .replaceAll(SIGNATURE, "$1=…")
    .replaceAll(UNPRINTABLE, (character) =>
      character === "\n" ? "\\n" : `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );
}

/**
 * Says in one line for the log why something failed. The line may hold the words of a credential process or of AWS, so
 * clients must not see it.
 *
 * When a credential process fails, the SDK's message is `Command failed: <the whole command line>` and, from the next
 * line on, what the process wrote to stderr. The command line may hold a password, so it is left out.
 *
 * @param error - Whatever was thrown.
 */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  if (!message.startsWith("Command failed:")) return printable(message.trim()) || "no reason was given";
  const [, ...written] = message.split("\n");
  return printable(written.join("\n").trim()) || "the credential process failed without saying why";
}

/**
 * The log: one JSON object a line. Members that hold secrets are removed wherever they are logged.
 *
 * @param destination - @default stderr: stdout holds only the line that says where the server listens
 */
export function createLog(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  const secrets = ["secretAccessKey", "sessionToken", "viewUrl", "privateKey", "passphrase"];
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets.flatMap((name) => [name, `*.${name}`]), remove: true },
    },
    destination,
  );
}

/** The middleware that gives each request an id and, health checks aside, a line in the log: without query and headers. */
export function requestLog(logger: Logger) {
  const log = pinoHttp<IncomingMessage, ServerResponse>({
    logger,
    genReqId: () => randomUUID(),
    autoLogging: { ignore: ({ url = "" }) => url.startsWith("/health") },
    customLogLevel: (_request, { statusCode }) => (statusCode >= 500 ? "warn" : "info"),
    customSuccessMessage: () => "answered",
    customErrorMessage: () => "answered",
    serializers: {
      req: ({ id, method, url }: { id: string; method: string; url: string }) => ({
        id,
        method,
        path: printable(url.split("?")[0] ?? ""),
      }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
      err: () => undefined,
    },
  });
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    log(request, response);
    response.setHeader("X-Request-Id", String(request.id));
    next();
  };
}

/** Lets Nest write to the log. What Nest tells about its start is shown from the level `debug` on. */
export function nestLogger(logger: Logger): LoggerService {
  const write = (level: "debug" | "warn" | "error") => (message: unknown, context: unknown) =>
    logger[level]({ context }, reasonOf(message instanceof Error ? message : new Error(String(message))));
  return { log: write("debug"), warn: write("warn"), error: write("error"), fatal: write("error") };
}
