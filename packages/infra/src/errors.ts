/** Every failure this package reports, by a name that stays the same between releases. */
export type InfraErrorCode =
  | "ERR_INFRA_CA_CERTIFICATE_FILE"
  | "ERR_INFRA_CA_CERTIFICATE_INVALID"
  | "ERR_INFRA_OPTION_INVALID"
  | "ERR_INFRA_OUTPUTS_FILE"
  | "ERR_INFRA_OUTPUTS_INVALID"
  | "ERR_INFRA_SAMPLE_OBJECT_EXISTS";

/** What this package throws: the message says what failed, the value it got and what to change. */
export class InfraError extends Error {
  override readonly name = "InfraError";
  readonly code: InfraErrorCode;

  constructor(code: InfraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
