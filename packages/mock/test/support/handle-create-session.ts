import type { MockContext } from "../../src/context.ts";
import { ServiceError } from "../../src/errors/service-error.ts";
import { answerCreateSession } from "../../src/http/sessions.ts";
import type { ReceivedRequest } from "../../src/request/received-request.ts";
import type { CreateSessionOutput } from "../../src/session/create-session.ts";

/** The answer to a CreateSession call, without HTTP around it. */
export interface Answer {
  readonly status: number;
  readonly errorType?: string;
  readonly requestId: string;
  readonly body: CreateSessionOutput | { readonly message: string };
}

/** Answers one CreateSession call; what it throws is a defect of the mock. */
export async function handleCreateSession(context: MockContext, request: ReceivedRequest): Promise<Answer> {
  const requestId = context.uuid();
  try {
    return { status: 201, requestId, body: await answerCreateSession(context, request, requestId) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { status: error.status, errorType: error.type, requestId, body: { message: error.message } };
  }
}
