/** An error answer of the service. */
export interface ServiceError {
  /** For example `AccessDeniedException`; `UnknownError` when the answer names none. */
  readonly type: string;
  /** The service's own words; empty when it sent none. */
  readonly message: string;
}

/**
 * Reads an error answer of a REST-JSON service.
 *
 * @param header Value of X-Amzn-ErrorType, which wins over the body.
 * @param body Text of the answer, JSON or not.
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
 */
export function parseServiceError(header: string | undefined, body: string): ServiceError {
  const members = parseObject(body);
  const type = firstText(header, members["__type"], members["code"]);
  return {
    type: type === "" ? "UnknownError" : shortType(type),
    message: firstText(members["message"], members["Message"])
      .replaceAll(/\s*[\r\n]+\s*/g, " ")
      .trim(),
  };
}

/** `aws.api#Name:http://…` is `Name`. */
function shortType(type: string): string {
  const [beforeColon = ""] = type.split(":");
  return beforeColon.slice(beforeColon.lastIndexOf("#") + 1);
}

function firstText(...values: readonly unknown[]): string {
  for (const value of values) if (typeof value === "string" && value !== "") return value;
  return "";
}

function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
