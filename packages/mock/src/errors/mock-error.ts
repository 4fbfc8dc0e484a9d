/** Every code that {@link MockError} can carry. */
export type MockErrorCode =
  | "ERR_MOCK_NO_STS_ENDPOINT"
  | "ERR_MOCK_INVALID_OPTION"
  | "ERR_MOCK_FILE_UNREADABLE"
  | "ERR_MOCK_LISTEN_FAILED"
  | "ERR_MOCK_INVALID_SNAPSHOT"
  | "ERR_MOCK_NOT_RUNNING";

/**
 * The error that this library throws when it cannot start or is used wrongly. A request that the emulated
 * service refuses is never a `MockError`: the client gets an HTTP response, and the audit a record.
 */
export class MockError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is MockError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === MockError && value instanceof Error && value.name === "MockError";
    return isKnown && "code" in value && String(value.code).startsWith("ERR_MOCK_");
  }

  override readonly name = "MockError";
  readonly code: MockErrorCode;

  /**
   * @param code stable, for programs
   * @param message what failed, the value that was met, what to do next
   */
  constructor(code: MockErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** An option that has no legal value. */
export function invalidOption(message: string, options?: { readonly cause?: unknown }): MockError {
  return new MockError("ERR_MOCK_INVALID_OPTION", message, options);
}
