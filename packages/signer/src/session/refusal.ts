import { printable } from "../errors.ts";
import type { SessionArns } from "./session-parameters.ts";

/** An error answer of the service. */
export interface ServiceError {
  /** For example `AccessDeniedException`; `UnknownError` when the answer names none. */
  readonly type: string;
  /** Message of the service, in one line of at most 1,000 characters, unprintable ones escaped; empty when it sent none. */
  readonly message: string;
}

const MAX_TYPE_LENGTH = 100;
const MAX_MESSAGE_LENGTH = 1000;

/**
 * Reads an error answer of a REST-JSON service.
 *
 * @param header Value of X-Amzn-ErrorType, which wins over the body.
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
 */
export function parseServiceError(header: string | undefined, body: string): ServiceError {
  const members = parseObject(body);
  // The name in `aws.api#Name:http://…`.
  const [type = ""] = firstText(header, members["__type"], members["code"]).split(":");
  const message = firstText(members["message"], members["Message"]);
  return {
    type: printable(type.slice(type.lastIndexOf("#") + 1), MAX_TYPE_LENGTH) || "UnknownError",
    message: printable(
      message
        .slice(0, 2 * MAX_MESSAGE_LENGTH)
        .replaceAll(/\s*[\r\n]+\s*/g, " ")
        .trim(),
      MAX_MESSAGE_LENGTH,
    ),
  };
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

/** What the caller knows when a request was refused. */
export interface RefusalContext extends SessionArns {
  /** This machine's clock minus the service's, in seconds, when the service sent its date. */
  readonly clockOffsetSeconds?: number | undefined;
}

/** Offset from which the clock is worth a word; signatures commonly live five minutes. */
const NOTICEABLE_OFFSET_SECONDS = 240;

/** What probably led to a refusal and what to do about it; undefined when nothing useful is known. */
export function likelyCause(
  error: ServiceError,
  status: number,
  { roleArn, trustAnchorArn, profileArn, clockOffsetSeconds = 0 }: RefusalContext,
): string | undefined {
  if (status >= 500) return "the service, or a proxy in front of it, cannot answer now; try again later";
  if (Math.abs(clockOffsetSeconds) >= NOTICEABLE_OFFSET_SECONDS) {
    return `this machine's clock is ${Math.abs(Math.round(clockOffsetSeconds))} s ${clockOffsetSeconds > 0 ? "ahead of" : "behind"} the service's; set it right`;
  }
  /** By the words of the service, in lower case; the first that fits. */
  const byWords: readonly (readonly [words: string, cause: string])[] = [
    [
      "untrusted signing certificate",
      `no path leads from the certificate to trust anchor ${trustAnchorArn}: give the missing intermediates with --intermediates, or name the trust anchor of the CA that issued it; a certificate that the CA has revoked is refused in these words as well`,
    ],
    [
      "insufficient certificate",
      "the certificate lacks an extension: it must be X.509 v3, not a CA, with keyUsage digitalSignature (and, in practice, extended key usage clientAuth)",
    ],
    [
      "invalid signature",
      "the private key may not be the certificate's, or something between here and the service changed the request (a proxy that rewrites Host?)",
    ],
    [
      "not authorized to set rolesessionname",
      `profile ${profileArn} does not accept a session name: leave --role-session-name out, or set acceptRoleSessionName on the profile`,
    ],
    [
      "maxsessionduration",
      `the duration is above the maximum of ${roleArn}: lower --session-duration and the profile's duration, or raise the role's MaxSessionDuration`,
    ],
    [
      "failed to be mapped into session tags",
      "the trust policy may need a session tag from a certificate value that tags cannot hold; the message names the values",
    ],
    [
      "unable to assume role",
      `the trust policy of ${roleArn} must let rolesanywhere.amazonaws.com call sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity, with conditions that hold for trust anchor ${trustAnchorArn} and this certificate`,
    ],
  ];
  const byType = new Map([
    [
      "ResourceNotFoundException",
      `trust anchor ${trustAnchorArn} or profile ${profileArn} does not exist in this account and region`,
    ],
    [
      "ThrottlingException",
      "all clients of the account together may make ten such requests a second: keep sessions with --cache, serve or one shared fromRolesAnywhere(), then try again",
    ],
    [
      "AccessDeniedException",
      "the trust anchor or profile may be disabled, the role may not be in the profile, or the certificate may be revoked or expired",
    ],
  ]);
  const message = error.message.toLowerCase();
  return byWords.find(([words]) => message.includes(words))?.[1] ?? byType.get(error.type);
}
