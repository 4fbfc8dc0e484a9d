import { createHmac } from "node:crypto";

import { canonicalRequest } from "../sigv4-x509/canonical-request.ts";
import type { RequestToSign } from "../sigv4-x509/canonical-request.ts";
import { HEADER_DATE, SCOPE_TERMINATOR } from "../sigv4-x509/constants.ts";
import { formatAmzDate } from "../sigv4-x509/sign-request.ts";

const ALGORITHM = "AWS4-HMAC-SHA256";
const HEADER_TOKEN = "X-Amz-Security-Token";

/** Who signs, for which service and region, when. */
export interface SecretKeyContext {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** As the credential scope names it: `sts`. */
  readonly service: string;
  readonly region: string;
  readonly moment: Date;
}

/**
 * Signs a request with temporary credentials, as any other service than Roles Anywhere wants it.
 *
 * @param request The request without X-Amz-Date and X-Amz-Security-Token; its path as it goes on the wire.
 * @returns The headers to add to those of the request. Two of them are secret.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signWithSecretKey(
  request: RequestToSign,
  context: SecretKeyContext,
): Readonly<Record<string, string>> {
  const amzDate = formatAmzDate(context.moment);
  const added = { [HEADER_DATE]: amzDate, [HEADER_TOKEN]: context.sessionToken };
  const canonical = canonicalRequest({ ...request, headers: { ...request.headers, ...added } });
  const scope = [amzDate.slice(0, 8), context.region, context.service, SCOPE_TERMINATOR];
  const stringToSign = [ALGORITHM, amzDate, scope.join("/"), canonical.sha256].join("\n");
  const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${context.secretAccessKey}`);
  const signature = hmac(signingKey, stringToSign).toString("hex");
  const credential = `${context.accessKeyId}/${scope.join("/")}`;
  return {
    ...added,
    Authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${canonical.signedHeaders}, Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
