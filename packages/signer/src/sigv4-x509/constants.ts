/** Algorithm token per key family; SHA-256 whatever the key size or curve. */
export const ALGORITHM_RSA = "AWS4-X509-RSA-SHA256";
export const ALGORITHM_ECDSA = "AWS4-X509-ECDSA-SHA256";
/** One token for ML-DSA-44, 65 and 87. */
export const ALGORITHM_MLDSA = "AWS4-X509-MLDSA";

/**
 * First word of the string to sign and of the Authorization header.
 *
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html
 */
export type X509Algorithm = typeof ALGORITHM_RSA | typeof ALGORITHM_ECDSA | typeof ALGORITHM_MLDSA;

export const SERVICE = "rolesanywhere";
export const SCOPE_TERMINATOR = "aws4_request";
export const SESSIONS_PATH = "/sessions";

export const HEADER_AUTHORIZATION = "Authorization";
export const HEADER_DATE = "X-Amz-Date";
export const HEADER_CERTIFICATE = "X-Amz-X509";
export const HEADER_CHAIN = "X-Amz-X509-Chain";
export const HEADER_INVOCATION_ID = "Amz-Sdk-Invocation-Id";
export const HEADER_ATTEMPT = "Amz-Sdk-Request";

/** Most certificates that the chain header may hold. */
export const MAX_CHAIN_LENGTH = 5;

/** Headers that never take part in the signature, in lower case. */
export const UNSIGNED_HEADERS: ReadonlySet<string> = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "user-agent",
  "x-amzn-trace-id",
]);
