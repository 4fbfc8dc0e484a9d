import { signCreateSessionRequest, type SignedCreateSessionRequest } from "@roles-anywhere/signer";
import type { World } from "../../src/story/start-world.ts";
import { type AuditRecord, auditRecordOf } from "./audit.ts";

/** What the service answered, and what the mock wrote down about it. */
export interface Outcome {
  status: number;
  errorType: string | null;
  audit: AuditRecord;
}

/**
 * Sends one CreateSession without any check on this side, as the world's external server would but for `changes`.
 *
 * @param tamper changes the request after it was signed
 */
export async function sendCreateSession(
  world: World,
  changes: Partial<Parameters<typeof signCreateSessionRequest>[0]> = {},
  tamper: (request: SignedCreateSessionRequest) => SignedCreateSessionRequest = (request) => request,
): Promise<Outcome> {
  const { trustAnchorArn, profileArn, roleArn } = world.stack.outputs;
  const request = tamper(
    await signCreateSessionRequest({
      certificate: world.pki.certificatePath,
      privateKey: world.pki.privateKeyPath,
      trustAnchorArn,
      profileArn,
      roleArn,
      endpoint: world.sandbox.rolesAnywhereEndpoint,
      ...changes,
    }),
  );
  const answer = await fetch(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body,
  });
  await answer.arrayBuffer();
  const requestId = answer.headers.get("x-amzn-requestid");
  if (requestId === null) throw new Error("the answer has no x-amzn-RequestId");
  return {
    status: answer.status,
    errorType: answer.headers.get("x-amzn-errortype"),
    audit: await auditRecordOf(world.sandbox.rolesAnywhereEndpoint, requestId),
  };
}
