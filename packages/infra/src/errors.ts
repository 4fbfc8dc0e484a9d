/** Why a function or construct of this package failed. The codes stay the same between releases. */
export type InfraErrorCode =
  | "ERR_INFRA_CA_CERTIFICATE_FILE"
  | "ERR_INFRA_CA_CERTIFICATE_INVALID"
  | "ERR_INFRA_OPTION_INVALID"
  | "ERR_INFRA_OUTPUTS_FILE"
  | "ERR_INFRA_OUTPUTS_INVALID"
  | "ERR_INFRA_SAMPLE_OBJECT_EXISTS"
  | "ERR_INFRA_TRUST_OPEN";

/** The error class of this package. Its message says what failed, with which value, and what to change. */
export class InfraError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is InfraError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === InfraError && value instanceof Error && value.name === "InfraError";
    return isKnown && "code" in value && String(value.code).startsWith("ERR_INFRA_");
  }

  override readonly name = "InfraError";
  readonly code: InfraErrorCode;

  constructor(code: InfraErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
