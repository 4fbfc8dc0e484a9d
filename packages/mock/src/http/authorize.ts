import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { z } from "zod";
import { answerQuestion } from "../access/answer-question.ts";
import type { AccessDecision } from "../access/answer-question.ts";
import { AccessQuestion } from "../access/question.ts";
import { toAccessLine, toAccessRecord } from "../audit/access-record.ts";
import type { MockContext } from "../context.ts";
import { requireSignature } from "../control/sigv4.ts";
import { ServiceError, validationError } from "../errors/service-error.ts";
import { parseJson } from "../model/json.ts";
import { checkSender } from "./refuse-web-pages.ts";

/** Where LocalStack's hook `enforce_iam.py` asks for permission. */
const PATH = "/_mock/authorize";

/** Largest question, in bytes: room for the parameters of the largest requests of AWS. */
const MAX_QUESTION_BYTES = 32 * 1024 * 1024;

/** The most values in a question: a request that deletes 1000 objects has about 3000. */
const MAX_QUESTION_VALUES = 500_000;

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
 * Answers a question of the hook without the web framework, which would take three times as long as the decision: the
 * hook asks before every request of a session. The route is guarded as the lab's routes are.
 */
export async function serveQuestion(
  context: MockContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const question = readQuestion(await readGuarded(context, incoming));
    const decision = await answerQuestion(context, question);
    send(outgoing, 200, answerOf(decision));
    // The hook waits for the answer. Whoever asks for the audit afterwards is served after the record was made.
    record(context, decision);
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) return;
    if (!(error instanceof ServiceError)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      context.log(`defect: ${text.replaceAll(/\n\s*/g, " | ")}`);
    }
    if (outgoing.headersSent) return;
    const { status, type, message } =
      error instanceof ServiceError
        ? error
        : new ServiceError("InternalServerException", "Internal server error");
    // The rest of a body that is too large is not read.
    const headers = { "x-amzn-errortype": type, "x-amzn-requestid": randomUUID(), connection: "close" };
    send(outgoing, status, { message }, headers);
  }
}

function send(
  outgoing: ServerResponse,
  status: number,
  body: object,
  headers: OutgoingHttpHeaders = {},
): void {
  const text = JSON.stringify(body);
  const length = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  outgoing.writeHead(status, { ...length, ...headers }).end(text);
}

async function readGuarded(context: MockContext, incoming: IncomingMessage): Promise<Buffer> {
  const header = (name: string): string | undefined => {
    const value = incoming.headers[name];
    return typeof value === "object" ? value.join(", ") : value;
  };
  checkSender(header, context.allowedHosts);
  if (!/^application\/json\s*(;|$)/i.test(header("content-type") ?? "")) {
    throw validationError("send the header content-type: application/json");
  }
  const body = await readBody(incoming);
  if (context.verifySignature !== undefined) {
    const hasDate = header("x-amz-date") !== undefined || header("date") !== undefined;
    const claimed = requireSignature(header("authorization"), hasDate, context.state);
    const { rawHeaders } = incoming;
    const received = { method: "POST", target: PATH, rawHeaders, body };
    await context.verifySignature(received, claimed, context.clock.now());
  }
  return body;
}

/** By events, since an asynchronous iterator takes as long as the rest of the exchange. */
function readBody(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_QUESTION_BYTES) {
        chunks.push(chunk);
        return;
      }
      incoming.pause();
      const message = `The question is larger than ${MAX_QUESTION_BYTES} bytes`;
      reject(new ServiceError("RequestEntityTooLargeException", message));
    });
    incoming.on("end", () => resolve(Buffer.concat(chunks)));
    incoming.on("error", reject);
  });
}

function readQuestion(body: Uint8Array): AccessQuestion {
  try {
    return AccessQuestion.parse(parseJson(body, MAX_QUESTION_VALUES));
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    const where = (issue?.path ?? []).map(String).join(".").slice(0, 100);
    throw validationError(
      `this is no question of the hook enforce_iam.py of the same release: ${JSON.stringify(where)} is wrong`,
    );
  }
}

function answerOf({ refusal }: AccessDecision): HookAnswer {
  return refusal === undefined ? { verdict: "allowed" } : { verdict: "refused", error: refusal.error };
}

function record({ accessAudit, clock, log, uuid }: MockContext, decision: AccessDecision): void {
  accessAudit.add(toAccessRecord(decision, { requestId: uuid(), eventId: uuid(), now: clock.now() }));
  const line = toAccessLine(decision);
  if (line !== undefined) log(line);
}
