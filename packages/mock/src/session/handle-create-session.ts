import { Refusal } from "../audit/refusal.ts";
import { type SessionTrace, toAuditRecord } from "../audit/audit-record.ts";
import type { MockContext } from "../context.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { createSession } from "./create-session.ts";
import type { CreateSessionOutput } from "./credential-set.ts";

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  /** Value of `X-Amzn-ErrorType`. */
  readonly errorType?: string;
  readonly requestId: string;
  readonly body: CreateSessionOutput | { readonly message: string };
}

/** Answers one CreateSession call and leaves its record in the audit. What it throws is a defect of the mock. */
export async function handleCreateSession(context: MockContext, request: ReceivedRequest): Promise<Answer> {
  const trace: SessionTrace = { requestId: context.uuid() };
  const outcome = await attempt(context, request, trace);
  const record = toAuditRecord({
    state: context.state,
    request,
    trace,
    now: context.clock.now(),
    eventId: context.uuid(),
    outcome,
  });
  context.audit.add(record);
  const { requestId } = trace;
  if ("output" in outcome) {
    context.log(
      `CreateSession granted: ${trace.parameters?.roleArn ?? ""} to ${record._mock.certificate?.subject ?? ""}`,
    );
    return { status: 201, requestId, body: outcome.output };
  }
  const { refusal } = outcome;
  const { expected, received, remedy } = refusal.explanation;
  const reason = `${refusal.reason}: expected ${expected}; received ${received}; remedy: ${remedy}`;
  context.log(`CreateSession refused with ${refusal.status} ${refusal.errorType} (${requestId}): ${reason}`);
  return {
    status: refusal.status,
    errorType: refusal.errorType,
    requestId,
    body: { message: context.explain ? `${refusal.message} [${reason}]` : refusal.message },
  };
}

async function attempt(
  context: MockContext,
  request: ReceivedRequest,
  trace: SessionTrace,
): Promise<{ output: CreateSessionOutput } | { refusal: Refusal }> {
  try {
    return { output: await createSession(context, request, trace) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error };
    throw error;
  }
}
