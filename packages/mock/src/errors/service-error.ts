/** The error types of the service model, and those of the front end that AWS puts before it, with their HTTP status. */
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

export function isServiceErrorType(code: string): code is ServiceErrorType {
  return Object.hasOwn(STATUS, code);
}

/**
 * An error as a client of AWS sees it: HTTP status, error type and message, nothing else. CreateSession, the control
 * plane and the HTTP server all answer with it.
 *
 * @example
 * throw new ServiceError("SerializationException", "Request body is not valid JSON");
 */
export class ServiceError extends Error {
  override readonly name: string = "ServiceError";
  readonly type: ServiceErrorType;
  /** 400 to 599. */
  readonly status: number;

  /**
   * @param type goes to the header `X-Amzn-ErrorType`, and decides the HTTP status
   * @param message the text that the client shows
   */
  constructor(type: ServiceErrorType, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.type = type;
    this.status = STATUS[type];
  }

  /**
   * The error in AWS's REST-JSON form: type in a header, message in the body.
   *
   * @param requestId value of `x-amzn-RequestId`
   */
  toResponse(requestId: string): Response {
    const headers = { "X-Amzn-ErrorType": this.type, "x-amzn-RequestId": requestId };
    return Response.json({ message: this.message }, { status: this.status, headers });
  }
}

/** A 400 `ValidationException`. */
export function validationError(message: string): ServiceError {
  return new ServiceError("ValidationException", message);
}

/** A 404 `ResourceNotFoundException`. */
export function notFound(message: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", message);
}
