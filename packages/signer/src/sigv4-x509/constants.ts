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

export const SCOPE_TERMINATOR = "aws4_request";
export const SESSIONS_PATH = "/sessions";
export const HEADER_DATE = "X-Amz-Date";

/** Most certificates that the chain header may hold. */
export const MAX_CHAIN_LENGTH = 5;
