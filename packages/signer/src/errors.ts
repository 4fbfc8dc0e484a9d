/** Every code that a {@link SignerError} can carry. */
export type SignerErrorCode =
  | "ERR_SIGNER_ABORTED"
  | "ERR_SIGNER_ARN_INVALID"
  | "ERR_SIGNER_CERTIFICATE_EXPIRED"
  | "ERR_SIGNER_CERTIFICATE_INVALID"
  | "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID"
  | "ERR_SIGNER_CHAIN_INVALID"
  | "ERR_SIGNER_CONFIG_CHANGED"
  | "ERR_SIGNER_CONFIG_CONFLICT"
  | "ERR_SIGNER_CONFIG_INVALID"
  | "ERR_SIGNER_CONFIG_VALUE_INVALID"
  | "ERR_SIGNER_CONNECTION_FAILED"
  | "ERR_SIGNER_ENDPOINT_INVALID"
  | "ERR_SIGNER_FILE_UNREADABLE"
  | "ERR_SIGNER_FILE_UNWRITABLE"
  | "ERR_SIGNER_KEY_INVALID"
  | "ERR_SIGNER_KEY_MISMATCH"
  | "ERR_SIGNER_KEY_UNSUPPORTED"
  | "ERR_SIGNER_LISTEN_FAILED"
  | "ERR_SIGNER_OUTPUTS_INVALID"
  | "ERR_SIGNER_PASSWORD_MISSING"
  | "ERR_SIGNER_PASSWORD_WRONG"
  | "ERR_SIGNER_PKCS12_INVALID"
  | "ERR_SIGNER_PKCS12_UNSUPPORTED"
  | "ERR_SIGNER_REGION_MISMATCH"
  | "ERR_SIGNER_REGION_MISSING"
  | "ERR_SIGNER_RESPONSE_INVALID"
  | "ERR_SIGNER_SERVER_UNTRUSTED"
  | "ERR_SIGNER_SERVICE_REFUSED"
  | "ERR_SIGNER_SIGN_FAILED"
  | "ERR_SIGNER_TIMEOUT"
  | "ERR_SIGNER_USAGE";

/** Facts about a failure, for programs. None of them is ever secret. */
export interface SignerErrorDetails {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** File that the failure is about. */
  readonly path?: string | undefined;
  /** URL that was asked. */
  readonly url?: string | undefined;
  /** HTTP status of the service's answer. */
  readonly status?: number | undefined;
  /** Error type that the service named, for example `AccessDeniedException`. */
  readonly type?: string | undefined;
  /** Message of the service, as sent. */
  readonly serviceMessage?: string | undefined;
  /** The service's id of the request. */
  readonly requestId?: string | undefined;
  /** How many requests were made. */
  readonly attempts?: number | undefined;
}

/**
 * The one error class of this package.
 *
 * The message says what failed, what was found and what to do next; it never holds a key, a secret or a token.
 */
export class SignerError extends Error {
  override readonly name = "SignerError";
  /** Stable identifier of the kind of failure. */
  readonly code: SignerErrorCode;
  declare readonly path?: string;
  declare readonly url?: string;
  declare readonly status?: number;
  declare readonly type?: string;
  declare readonly serviceMessage?: string;
  declare readonly requestId?: string;
  declare readonly attempts?: number;

  constructor(code: SignerErrorCode, message: string, details: SignerErrorDetails = {}) {
    const { cause, ...facts } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(known));
  }
}

/**
 * The message of anything that was thrown, in one line.
 *
 * @param error What was caught.
 */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s*[\r\n]+\s*/g, " ");
}
