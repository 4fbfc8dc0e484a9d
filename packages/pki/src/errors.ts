/** Why a function of this library failed. */
export type PkiErrorCode =
  /** A name is empty, too long, or has characters that X.509 or the attribute does not allow. */
  | "ERR_PKI_INVALID_SUBJECT"
  /** A DNS name or URI cannot be encoded as a subject alternative name. */
  | "ERR_PKI_INVALID_SUBJECT_ALTERNATIVE_NAME"
  /** A name constraint is not of its type. */
  | "ERR_PKI_INVALID_NAME_CONSTRAINT"
  /** The days or dates asked for do not make a period that X.509 can express. */
  | "ERR_PKI_INVALID_VALIDITY"
  /** The common name cannot be used as a file name. */
  | "ERR_PKI_UNSAFE_FILE_NAME"
  /** A file that would be written exists and overwriting was not asked for. */
  | "ERR_PKI_FILE_EXISTS"
  /** Reading or writing a file failed; `cause` has the system error. */
  | "ERR_PKI_FILE_SYSTEM"
  /** The folder has no CA certificate or no CA key. */
  | "ERR_PKI_AUTHORITY_NOT_FOUND"
  /** The CA certificate or key cannot be read, or the certificate is not that of a CA. */
  | "ERR_PKI_AUTHORITY_INVALID"
  /** The CA key is not the key of the CA certificate. */
  | "ERR_PKI_AUTHORITY_KEY_MISMATCH"
  /** The CA certificate's validity has not begun. */
  | "ERR_PKI_AUTHORITY_NOT_YET_VALID"
  /** The CA certificate's validity has ended. */
  | "ERR_PKI_AUTHORITY_EXPIRED"
  /** The CA's certificate, or that of a CA above it, is revoked. */
  | "ERR_PKI_AUTHORITY_REVOKED"
  /** The certificate asked for would be valid for longer than its CA. */
  | "ERR_PKI_OUTLIVES_AUTHORITY"
  /** The path length of the CA does not allow the CA certificate asked for, or is not a whole number from 0 to 127. */
  | "ERR_PKI_PATH_LENGTH"
  /** A key is of a kind that Roles Anywhere, or this Node.js, does not know. */
  | "ERR_PKI_KEY_UNSUPPORTED"
  /** A key is encrypted and no passphrase was given, or the passphrase is wrong. */
  | "ERR_PKI_PASSPHRASE"
  /** What signs for the CA failed, or its signature is not one of the CA's key. */
  | "ERR_PKI_SIGNATURE"
  /** The folder has no certificate of that name. */
  | "ERR_PKI_CERTIFICATE_NOT_FOUND"
  /** A private key is not that of the certificate that goes with it. */
  | "ERR_PKI_KEY_MISMATCH"
  /** A name stands for several certificates. */
  | "ERR_PKI_CERTIFICATE_AMBIGUOUS"
  /** The certificate is revoked already. */
  | "ERR_PKI_CERTIFICATE_REVOKED"
  /** The name constraints of a CA do not allow a name that the certificate would have. */
  | "ERR_PKI_NAME_CONSTRAINT_VIOLATED"
  /** A certificate cannot be read, or is not one that can be renewed. */
  | "ERR_PKI_CERTIFICATE_INVALID"
  /** A certificate request cannot be read, or its signature is not one of its key. */
  | "ERR_PKI_REQUEST_INVALID"
  /** A certificate request asks for what only a CA has. */
  | "ERR_PKI_REQUEST_REFUSED"
  /** The issuance log of the folder has a line that is not one of its records. */
  | "ERR_PKI_LOG_INVALID"
  /** A random serial number came up twice: the source of randomness is broken. */
  | "ERR_PKI_SERIAL_NUMBER_REUSED"
  /** A list of servers cannot be read, or has a row that cannot become a certificate. */
  | "ERR_PKI_LIST_INVALID"
  /** Another command works in the folder and does not come to an end. */
  | "ERR_PKI_LOCKED"
  /** A revocation list cannot be read, or would have a number or a reason that it cannot have. */
  | "ERR_PKI_REVOCATION_LIST_INVALID";

/** What a warning of this library is about. */
export type PkiWarningCode =
  /** The common name has characters that the source identity of a session must not have. */
  | "WARN_PKI_NOT_A_SOURCE_IDENTITY"
  /** A name has characters, or a length, that a session tag must not have. */
  | "WARN_PKI_NOT_A_SESSION_TAG"
  /** A revocation list is larger than what AWS imports. */
  | "WARN_PKI_REVOCATION_LIST_TOO_LARGE"
  /** Users other than its owner can read the key of the CA. */
  | "WARN_PKI_KEY_READABLE"
  /** Users other than its owner can replace files in the folder of the CA. */
  | "WARN_PKI_FOLDER_WRITABLE";

/** A problem that did not stop the work. Programs use `code`, people read `message`. */
export interface PkiWarning {
  readonly code: PkiWarningCode;
  /** What is wrong, with which value, and what to do. */
  readonly message: string;
}

export interface PkiErrorOptions {
  readonly cause?: unknown;
  /** The file or folder that the error is about. */
  readonly path?: string | undefined;
}

/**
 * The error class of this library. Programs use `code`, people read `message`.
 *
 * @example
 * if (error instanceof PkiError && error.code === "ERR_PKI_AUTHORITY_EXPIRED") console.error(error.message);
 */
export class PkiError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is PkiError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === PkiError && value instanceof Error && value.name === "PkiError";
    return isKnown && "code" in value && String(value.code).startsWith("ERR_PKI_");
  }

  override readonly name = "PkiError";
  readonly code: PkiErrorCode;
  readonly path: string | undefined;

  constructor(code: PkiErrorCode, message: string, options: PkiErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.path = options.path;
  }
}
