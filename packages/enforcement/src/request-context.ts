import type { ContextRecord } from "@roles-anywhere/iam-policy";
import type { ServiceRequest } from "./service-request.ts";
import { isoSeconds } from "./session-facts.ts";

/**
 * The global condition keys that describe the request. Keys of VPC endpoints, organizations and calls by other services
 * are absent, as in a request from the internet.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function requestContext(request: ServiceRequest): ContextRecord {
  return {
    "aws:SourceIp": request.sourceIp,
    "aws:SecureTransport": String(request.secureTransport),
    "aws:CurrentTime": isoSeconds(request.receivedAt),
    "aws:EpochTime": String(Math.floor(request.receivedAt.getTime() / 1000)),
    "aws:RequestedRegion": request.region,
    "aws:UserAgent": headerOf(request, "user-agent"),
    "aws:Referer": headerOf(request, "referer"),
  };
}

/** The first value of a header. */
export function headerOf({ headers }: Pick<ServiceRequest, "headers">, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}
