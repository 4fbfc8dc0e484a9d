import { signCreateSessionRequest } from "@roles-anywhere/signer";
import type { SignedCreateSessionRequest } from "@roles-anywhere/signer";
import type { Deployment } from "../../src/story/start-deployment.ts";
import { auditRecordOf } from "../../src/aws/audit.ts";
import type { AuditRecord } from "../../src/aws/audit.ts";

/** The response of the mock, and its audit record of the call. */
export interface Outcome {
  status: number;
  errorType: string | null;
  audit: AuditRecord;
}

export type SessionRequest = Parameters<typeof signCreateSessionRequest>[0];

/**
 * Sends one CreateSession request as the deployment's external server does, except for `changes`. The client checks nothing.
 *
 * @param tamper changes the request after it was signed
 */
export async function sendCreateSession(
  deployment: Deployment,
  changes: Partial<SessionRequest> = {},
  tamper?: (request: SignedCreateSessionRequest) => SignedCreateSessionRequest,
): Promise<Outcome> {
  const { trustAnchorArn, profileArn, roleArn } = deployment.stack.outputs;
  const { certificatePath: certificate, privateKeyPath: privateKey } = deployment.pki;
  return await askForSession(
    deployment.sandbox,
    { certificate, privateKey, trustAnchorArn, profileArn, roleArn, ...changes },
    tamper,
  );
}

/** Sends one CreateSession request to the mock of a sandbox. */
export async function askForSession(
  { rolesAnywhereEndpoint: endpoint }: Pick<Deployment["sandbox"], "rolesAnywhereEndpoint">,
  init: SessionRequest,
  tamper: (request: SignedCreateSessionRequest) => SignedCreateSessionRequest = (request) => request,
): Promise<Outcome> {
  const { url, method, headers, body } = tamper(await signCreateSessionRequest({ endpoint, ...init }));
  const answer = await fetch(url, { method, headers, body });
  await answer.arrayBuffer();
  const requestId = answer.headers.get("x-amzn-requestid");
  if (requestId === null) throw new Error("the answer has no x-amzn-RequestId");
  return {
    status: answer.status,
    errorType: answer.headers.get("x-amzn-errortype"),
    audit: await auditRecordOf(endpoint, requestId),
  };
}
