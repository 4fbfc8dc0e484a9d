/** The error types of the service model and of the AWS front end before it. */
export type ServiceErrorType =
  | "AccessDeniedException"
  | "IncompleteSignatureException"
  | "InvalidSignatureException"
  | "MissingAuthenticationTokenException"
  | "ResourceNotFoundException"
  | "SerializationException"
  | "ServiceUnavailableException"
  | "ThrottlingException"
  | "TooManyTagsException"
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "ValidationException";

/**
 * A refusal as a client of AWS sees it: HTTP status, error type and message, nothing else.
 *
 * @see toResponse for its form on the wire
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly status: number;
  readonly type: ServiceErrorType;

  /**
   * @param status HTTP status, 400 to 599
   * @param type goes to the header `X-Amzn-ErrorType`
   * @param message the text that the client shows
   */
  constructor(status: number, type: ServiceErrorType, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }

  /**
   * The error in AWS's REST-JSON form.
   *
   * @param requestId value of `x-amzn-RequestId`
   */
  toResponse(requestId: string): Response {
    return Response.json(
      { message: this.message },
      { status: this.status, headers: { "x-amzn-RequestId": requestId, "X-Amzn-ErrorType": this.type } },
    );
  }
}

/** A 400 `ValidationException`. */
export function validationError(message: string): ServiceError {
  return new ServiceError(400, "ValidationException", message);
}

/** A 404 `ResourceNotFoundException`. */
export function notFound(message: string): ServiceError {
  return new ServiceError(404, "ResourceNotFoundException", message);
}
