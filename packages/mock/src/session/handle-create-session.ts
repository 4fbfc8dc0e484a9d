import { Refusal } from "../errors/refusal.ts";
import type { ServiceErrorType } from "../errors/service-error.ts";
import { type Outcome, type SessionTrace, toAuditRecord } from "../audit/audit-record.ts";
import type { MockContext } from "../context.ts";
import type { ReceivedRequest } from "../request/received-request.ts";
import { createSession } from "./create-session.ts";
import type { CreateSessionOutput } from "./credential-set.ts";

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  /** Value of `X-Amzn-ErrorType`. */
  readonly errorType?: ServiceErrorType;
  readonly requestId: string;
  readonly body: CreateSessionOutput | { readonly message: string };
}

/** Answers one CreateSession call and leaves its record in the audit. What it throws is a defect of the mock. */
export async function handleCreateSession(context: MockContext, request: ReceivedRequest): Promise<Answer> {
  const trace: SessionTrace = { requestId: context.uuid() };
  try {
    const output = await createSession(context, request, trace);
    return conclude(context, request, trace, { output });
  } catch (error) {
    if (error instanceof Refusal) return conclude(context, request, trace, { refusal: error });
    throw error;
  }
}

/** Refuses a call without looking at it. */
export function refuseCreateSession(
  context: MockContext,
  request: ReceivedRequest,
  refusal: Refusal,
): Answer {
  return conclude(context, request, { requestId: context.uuid() }, { refusal });
}

function conclude(
  context: MockContext,
  request: ReceivedRequest,
  trace: SessionTrace,
  outcome: Outcome,
): Answer {
  const { state, clock, uuid } = context;
  const record = toAuditRecord({ state, request, trace, now: clock.now(), eventId: uuid(), outcome });
  context.audit.add(record);
  const { requestId } = trace;
  if ("output" in outcome) {
    const { roleArn } = trace.parameters ?? { roleArn: "" };
    context.log(`CreateSession granted: ${roleArn} to ${record._mock.certificate?.subject ?? ""}`);
    return { status: 201, requestId, body: outcome.output };
  }
  const { status, type: errorType, message, reason, explanation } = outcome.refusal;
  const { expected, received, remedy } = explanation;
  const because = `${reason}: expected ${expected}; received ${received}; remedy: ${remedy}`;
  context.log(`CreateSession refused with ${status} ${errorType} (${requestId}): ${because}`);
  return {
    status,
    errorType,
    requestId,
    body: { message: context.explain ? `${message} [${because}]` : message },
  };
}
