/** Why the sandbox could not start or stop. */
export type SandboxErrorCode =
  | "ERR_SANDBOX_INVALID_OPTION"
  | "ERR_SANDBOX_BACKEND_UNAVAILABLE"
  | "ERR_SANDBOX_IMAGE_UNAVAILABLE"
  | "ERR_SANDBOX_PYTHON_MISSING"
  | "ERR_SANDBOX_INSTALL_FAILED"
  | "ERR_SANDBOX_START_FAILED"
  | "ERR_SANDBOX_HOOK_FAILED"
  | "ERR_SANDBOX_TIMEOUT"
  | "ERR_SANDBOX_ABORTED";

/**
 * What every function of this package throws.
 *
 * The message says what failed, with which value, and what to do next.
 */
export class SandboxError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is SandboxError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === SandboxError && value instanceof Error && value.name === "SandboxError";
    return isKnown && "code" in value && String(value.code).startsWith("ERR_SANDBOX_");
  }

  override readonly name = "SandboxError";
  readonly code: SandboxErrorCode;
  /** The folder with the logs of the run, when there is one. */
  readonly logDirectory: string | undefined;

  constructor(
    code: SandboxErrorCode,
    message: string,
    options: { cause?: unknown; logDirectory?: string | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.logDirectory = options.logDirectory;
  }
}
