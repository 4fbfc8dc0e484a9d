import { denied, AWS_MESSAGE } from "../errors/refusal.ts";
import { headerValues, type ReceivedRequest, trimBlanks } from "./received-request.ts";

/**
 * The one value of a header that may occur once only. Two `X-Amz-X509` headers, for example, would leave it open
 * which certificate was meant.
 *
 * @returns `undefined` when the header is absent
 * @throws {Refusal} HEADER_DUPLICATED
 */
export function singleHeader(request: ReceivedRequest, name: string): string | undefined {
  const [value, ...others] = headerValues(request, name);
  if (others.length > 0) {
    throw denied("HEADER_DUPLICATED", AWS_MESSAGE.signature, {
      expected: `one ${name} header`,
      received: `${others.length + 1} of them`,
      remedy: `send ${name} once`,
    });
  }
  return value === undefined ? undefined : trimBlanks(value);
}
