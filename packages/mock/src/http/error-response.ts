/** An error in AWS's REST-JSON form: type in a header, message in the body. */
export function errorResponse(
  status: number,
  errorType: string,
  message: string,
  requestId: string,
): Response {
  return Response.json(
    { message },
    { status, headers: { "X-Amzn-ErrorType": errorType, "x-amzn-RequestId": requestId } },
  );
}
