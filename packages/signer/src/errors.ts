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
  | "ERR_SIGNER_PIN_LOCKED"
  | "ERR_SIGNER_PIN_MISSING"
  | "ERR_SIGNER_PIN_WRONG"
  | "ERR_SIGNER_PKCS11_LIBRARY"
  | "ERR_SIGNER_PKCS11_URI_INVALID"
  | "ERR_SIGNER_PKCS12_INVALID"
  | "ERR_SIGNER_PKCS12_UNSUPPORTED"
  | "ERR_SIGNER_REGION_MISMATCH"
  | "ERR_SIGNER_REGION_MISSING"
  | "ERR_SIGNER_RESPONSE_INVALID"
  | "ERR_SIGNER_SERVER_UNTRUSTED"
  | "ERR_SIGNER_SERVICE_REFUSED"
  | "ERR_SIGNER_SIGN_FAILED"
  | "ERR_SIGNER_TIMEOUT"
  | "ERR_SIGNER_TOKEN_AMBIGUOUS"
  | "ERR_SIGNER_TOKEN_FAILED"
  | "ERR_SIGNER_TOKEN_NOT_FOUND"
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
  /** Message of the service, in one line of at most 1,000 characters, unprintable ones escaped. */
  readonly serviceMessage?: string | undefined;
  /** The service's id of the request. */
  readonly requestId?: string | undefined;
  /** How many requests were made. */
  readonly attempts?: number | undefined;
}

/** How many characters of a message are shown; a service may send any number. */
const MAX_MESSAGE_LENGTH = 4000;

/**
 * Prepares text that others wrote for a terminal, a log or an error message: unprintable characters become escapes, so that
 * the text can neither start a line of its own nor give orders to a terminal, and long text is cut off.
 *
 * @param maxLength How many UTF-16 units of the text to keep; `…` marks the cut.
 * @example
 * printable("CN=x\u001b[2J"); // String.raw`CN=x\u001b[2J`
 */
export function printable(text: string, maxLength: number = MAX_MESSAGE_LENGTH): string {
  const kept = text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`;
  // Control and format characters, lone surrogates and line separators change how the text around them is shown.
  return kept.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}

const MAX_SHOWN_LENGTH = 256;

/**
 * Whether a message may quote what a user gave for a path, a name or another short value: it may also be a key, given in
 * the wrong place. Long text, several lines, PEM and what looks like base64 or hexadecimal bytes is not quoted.
 */
export function isShowable(value: string): boolean {
  // Lines, PEM, and DER in hexadecimal.
  if (value.length > MAX_SHOWN_LENGTH || /[\r\n]|-----|[0-9a-fA-F]{80}/.test(value)) return false;
  // Base64, also url-safe: runs without dots, which hardly any path has. DER begins with `M` in base64.
  const runs = /[A-Za-z0-9+=_-]{41,}|(?<![A-Za-z0-9+])M[A-Za-z0-9+/=_-]{55,}|[A-Za-z0-9+/=_-]{80,}/g;
  return !(value.match(runs) ?? []).some(
    (run) => /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9+/=]/.test(run),
  );
}

/**
 * A value that a user gave, in quotes, for a message; if it may be a key, its length only.
 *
 * @see {@link isShowable}
 */
export function quoted(value: string): string {
  return isShowable(value) ? `"${printable(value)}"` : `(${value.length} characters, not shown)`;
}

/**
 * The one error class of this package.
 *
 * The message says what failed, what was found and what to do next; it never holds a key, a secret or a token. It is one
 * line of at most 4,000 characters, and control characters in it are escaped, since it may quote what others wrote.
 */
export class SignerError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and a bundle. */
  static override [Symbol.hasInstance](value: unknown): value is SignerError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === SignerError && value instanceof Error && value.name === "SignerError";
    return isKnown && codeOf(value).startsWith("ERR_SIGNER_");
  }

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
    super(oneLine(message), cause === undefined ? undefined : { cause });
    this.code = code;
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    Object.assign(this, Object.fromEntries(known));
  }
}

/** The message of anything that was thrown, in one line, of bounded length and without control characters. */
export function messageOf(error: unknown): string {
  const hasMessage = typeof error === "object" && error !== null && "message" in error;
  return oneLine(String(hasMessage ? error.message : error));
}

/** The code of a system error, such as `ENOENT`; an empty text for an error without one. */
export function codeOf(error: unknown): string {
  // Members, because in Jest the errors of Node.js are no instances of the `Error` that the tests and we see.
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*[\r\n]+\s*/g, " "));
}
