/** The error types of the service model and of the AWS front end before it, each with its HTTP status. */
const STATUS = {
  AccessDeniedException: 403,
  IncompleteSignatureException: 403,
  InternalServerException: 500,
  InvalidSignatureException: 403,
  MissingAuthenticationTokenException: 403,
  RequestEntityTooLargeException: 413,
  ResourceNotFoundException: 404,
  SerializationException: 400,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  TooManyTagsException: 400,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
  ValidationException: 400,
} as const;

export type ServiceErrorType = keyof typeof STATUS;

/** The HTTP status that goes with an error type. */
export function statusOf(type: ServiceErrorType): number {
  return STATUS[type];
}

/**
 * An error as a client of AWS sees it: HTTP status, error type and message, nothing else. CreateSession, the control
 * plane and the HTTP server all answer with it.
 *
 * @example
 * throw new ServiceError(400, "SerializationException", "Request body is not valid JSON");
 */
export class ServiceError extends Error {
  override readonly name: string = "ServiceError";
  readonly status: number;
  readonly type: ServiceErrorType;

  /**
   * @param status HTTP status, 400 to 599
   * @param type goes to the header `X-Amzn-ErrorType`
   * @param message the text that the client shows
   */
  constructor(status: number, type: ServiceErrorType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.type = type;
  }

  /**
   * The error in AWS's REST-JSON form: type in a header, message in the body.
   *
   * @param requestId value of `x-amzn-RequestId`
   * @param message what the client shows, when it is not the error's own message
   */
  toResponse(requestId: string, message = this.message): Response {
    return Response.json(
      { message },
      { status: this.status, headers: { "X-Amzn-ErrorType": this.type, "x-amzn-RequestId": requestId } },
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
