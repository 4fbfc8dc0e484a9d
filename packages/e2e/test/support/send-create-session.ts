import { signCreateSessionRequest } from "@roles-anywhere/signer";
import type { SignedCreateSessionRequest } from "@roles-anywhere/signer";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { auditRecordOf } from "./audit.ts";
import type { AuditRecord } from "./audit.ts";

/** The response of the mock, and its audit record of the call. */
export interface Outcome {
  status: number;
  errorType: string | null;
  audit: AuditRecord;
}

/**
 * Sends one CreateSession request as the deployment's external server does, except for `changes`. The client checks nothing.
 *
 * @param tamper changes the request after it was signed
 */
export async function sendCreateSession(
  deployment: Deployment,
  changes: Partial<Parameters<typeof signCreateSessionRequest>[0]> = {},
  tamper: (request: SignedCreateSessionRequest) => SignedCreateSessionRequest = (request) => request,
): Promise<Outcome> {
  const { trustAnchorArn, profileArn, roleArn } = deployment.stack.outputs;
  const request = tamper(
    await signCreateSessionRequest({
      certificate: deployment.pki.certificatePath,
      privateKey: deployment.pki.privateKeyPath,
      trustAnchorArn,
      profileArn,
      roleArn,
      endpoint: deployment.sandbox.rolesAnywhereEndpoint,
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
    audit: await auditRecordOf(deployment.sandbox.rolesAnywhereEndpoint, requestId),
  };
}
