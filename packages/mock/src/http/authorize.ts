import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { answerQuestion, checkArrival } from "../access/answer-question.ts";
import type { AccessDecision, CheckedArrival } from "../access/answer-question.ts";
import { AccessArrival, AccessQuestion } from "../access/question.ts";
import { toAccessLine, toAccessRecord } from "../audit/access-record.ts";
import type { MockContext } from "../context.ts";
import { ServiceError, validationError } from "../errors/service-error.ts";
import { parseJson } from "../model/json.ts";
import { checkSender } from "./refuse-web-pages.ts";

/** Where LocalStack's hook `enforce_iam.py` asks for permission. */
const PATH = "/_mock/authorize";

/** One JSON value per line. A web page cannot send this type without asking first. */
const LINES = "application/x-ndjson";

const NEWLINE = 0x0a;

/** Largest line of a question, in bytes: room for the parameters of the largest requests of AWS. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** What each received piece of a line counts at least: a piece of one byte takes about as much memory. */
const PIECE_BYTES = 256;

/** The most values in a line of a question: a request that deletes 1000 objects has about 3000. */
const MAX_LINE_VALUES = 500_000;

/** What the hook is told: to carry out the request, or to answer this error. */
type HookAnswer =
  | { readonly verdict: "allowed" }
  | {
      readonly verdict: "refused";
      readonly error: { readonly code: string; readonly status: number; readonly message: string };
    };

export function isQuestion({ method, url }: IncomingMessage): boolean {
  return method === "POST" && url === PATH;
}

/**
 * Answers the questions of the hook, without the web framework, which would take three times as long as the decision: the
 * hook asks before every request of a session. The route is guarded as the lab's routes are.
 *
 * One HTTP request holds the questions of a connection, one after another. A question is two lines, and the answer is one.
 * The hook sends the first line when a request arrives, so that the signature is verified while LocalStack reads the
 * request.
 */
export async function serveQuestions(
  context: MockContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let checked: CheckedArrival | undefined;
  const take = async (line: Buffer): Promise<void> => {
    if (checked === undefined) {
      checked = checkArrival(context, readLine(AccessArrival, line));
      return;
    }
    const decision = await answerQuestion(context, checked, readLine(AccessQuestion, line));
    checked = undefined;
    if (!outgoing.headersSent) outgoing.writeHead(200, { "content-type": LINES });
    const hasRoom = outgoing.write(`${JSON.stringify(answerOf(decision))}\n`);
    // After the answer is sent, for which the hook waits. Whoever asks for the audit is served after that.
    setImmediate(record, context, decision);
    // Answers that nobody reads would fill the memory.
    if (!hasRoom) await once(outgoing, "drain");
  };
  try {
    checkRequest(context, incoming);
    await takeLines(incoming, take);
    if (!outgoing.headersSent) throw validationError("the body holds no question");
    outgoing.end();
  } catch (error) {
    fail(context, error, incoming, outgoing);
  }
}

function checkRequest({ allowedHosts, verifySignature }: MockContext, { headers }: IncomingMessage): void {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  };
  checkSender(header, allowedHosts);
  if (header("content-type") !== LINES) throw validationError(`send the header content-type: ${LINES}`);
  if (verifySignature !== undefined) {
    throw new ServiceError(
      "AccessDeniedException",
      "the hook enforce_iam.py has no access key: start the mock without access keys, or LocalStack without RA_ENFORCE_IAM",
    );
  }
}

/**
 * Hands over one line after another. Nothing more is read until a line has been taken, so that what waits is no larger
 * than what was read at once. By events, since an asynchronous iterator takes as long as the rest of the exchange.
 */
function takeLines(incoming: IncomingMessage, take: (line: Buffer) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let part: Buffer[] = [];
    let partBytes = 0;
    const endLine = (rest: Buffer): Promise<void> => {
      const line = part.length === 0 ? rest : Buffer.concat([...part, rest]);
      part = [];
      partBytes = 0;
      return take(line);
    };
    const takeAll = async (data: Buffer): Promise<void> => {
      let start = 0;
      for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
        await endLine(data.subarray(start, end));
        start = end + 1;
      }
      if (start === data.length) return;
      const rest = data.subarray(start);
      part.push(rest);
      partBytes += Math.max(rest.length, PIECE_BYTES);
      if (partBytes > MAX_LINE_BYTES) {
        const message = `The question is larger than ${MAX_LINE_BYTES} bytes`;
        throw new ServiceError("RequestEntityTooLargeException", message);
      }
    };
    incoming.on("data", (data: Buffer) => {
      incoming.pause();
      takeAll(data).then(() => incoming.resume(), reject);
    });
    incoming.on("end", () => {
      const ended = part.length === 0 ? Promise.resolve() : endLine(Buffer.alloc(0));
      ended.then(resolve, reject);
    });
    incoming.on("error", reject);
  });
}

function readLine<T>(shape: z.ZodType<T>, line: Uint8Array): T {
  try {
    return shape.parse(parseJson(line, MAX_LINE_VALUES));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = (issue?.path ?? []).map(String).join(".").slice(0, 100);
    throw validationError(
      `this is no question of the hook enforce_iam.py of the same release: ${JSON.stringify(where)} is wrong`,
    );
  }
}

function fail(
  context: MockContext,
  error: unknown,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  if (incoming.socket.destroyed) return;
  if (!(error instanceof ServiceError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    context.log(`defect: ${text.replaceAll(/\n\s*/g, " | ")}`);
  }
  // The hook takes an answer that breaks off for a refusal.
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  const { status, type, message } =
    error instanceof ServiceError
      ? error
      : new ServiceError("InternalServerException", "Internal server error");
  const text = JSON.stringify({ message });
  outgoing
    .writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      "x-amzn-errortype": type,
      "x-amzn-requestid": randomUUID(),
      // The rest of a body that is too large is not read.
      connection: "close",
    })
    .end(text);
}

function answerOf({ refusal }: AccessDecision): HookAnswer {
  return refusal === undefined ? { verdict: "allowed" } : { verdict: "refused", error: refusal.error };
}

function record({ accessAudit, clock, log, uuid }: MockContext, decision: AccessDecision): void {
  accessAudit.add(toAccessRecord(decision, { requestId: uuid(), eventId: uuid(), now: clock.now() }));
  const line = toAccessLine(decision);
  if (line !== undefined) log(line);
}
