import { printable } from "../errors.ts";

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
 * @param body Text of the answer, JSON or not.
 * @see https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
 */
export function parseServiceError(header: string | undefined, body: string): ServiceError {
  const members = parseObject(body);
  const type = firstText(header, members["__type"], members["code"]);
  return {
    type: type === "" ? "UnknownError" : printable(shortType(type), MAX_TYPE_LENGTH),
    message: printable(
      firstText(members["message"], members["Message"])
        .slice(0, 2 * MAX_MESSAGE_LENGTH)
        .replaceAll(/\s*[\r\n]+\s*/g, " ")
        .trim(),
      MAX_MESSAGE_LENGTH,
    ),
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

/** What the caller knows when a request was refused. */
export interface RefusalContext {
  readonly roleArn: string;
  readonly trustAnchorArn: string;
  readonly profileArn: string;
  /** This machine's clock minus the service's, in seconds, when the service sent its date. */
  readonly clockOffsetSeconds?: number | undefined;
}

/** Offset from which the clock is worth a word; signatures commonly live five minutes. */
const NOTICEABLE_OFFSET_SECONDS = 240;

type Explanation = readonly [pattern: RegExp, explain: (context: RefusalContext) => string];

/** By the words of the service; the first that fits. */
const EXPLANATIONS: readonly Explanation[] = [
  [
    /Untrusted Signing Certificate/i,
    ({ trustAnchorArn }) =>
      `no path leads from the certificate to trust anchor ${trustAnchorArn}: give the missing intermediates with --intermediates, or name the trust anchor of the CA that issued it; a certificate that the CA has revoked is refused in these words as well`,
  ],
  [
    /Insufficient certificate/i,
    () =>
      "the certificate lacks an extension: it must be X.509 v3, not a CA, with keyUsage digitalSignature (and, in practice, extended key usage clientAuth)",
  ],
  [
    /Invalid signature/i,
    () =>
      "the private key may not be the certificate's, or something between here and the service changed the request (a proxy that rewrites Host?)",
  ],
  [
    /Not authorized to set roleSessionName/i,
    ({ profileArn }) =>
      `profile ${profileArn} does not accept a session name: leave --role-session-name out, or set acceptRoleSessionName on the profile`,
  ],
  [
    /MaxSessionDuration/i,
    ({ roleArn }) =>
      `the duration is above the maximum of ${roleArn}: lower --session-duration and the profile's duration, or raise the role's MaxSessionDuration`,
  ],
  [
    /failed to be mapped into session tags/i,
    () =>
      "the trust policy may need a session tag from a certificate value that tags cannot hold; the message names the values",
  ],
  [
    /Unable to assume role/i,
    ({ roleArn, trustAnchorArn }) =>
      `the trust policy of ${roleArn} must let rolesanywhere.amazonaws.com call sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity, with conditions that hold for trust anchor ${trustAnchorArn} and this certificate`,
  ],
];

const BY_TYPE: Readonly<Record<string, (context: RefusalContext) => string>> = {
  ResourceNotFoundException: ({ trustAnchorArn, profileArn }) =>
    `trust anchor ${trustAnchorArn} or profile ${profileArn} does not exist in this account and region`,
  ThrottlingException: () =>
    "all clients of the account together may make ten such requests a second: keep sessions with --cache, serve or one shared fromRolesAnywhere(), then try again",
  AccessDeniedException: () =>
    "the trust anchor or profile may be disabled, the role may not be in the profile, or the certificate may be revoked or expired",
};

/**
 * What probably led to a refusal and what to do about it; undefined when nothing useful is known.
 *
 * @param error What the service said.
 * @param status HTTP status of its answer.
 * @param context What was asked for.
 */
export function likelyCause(
  error: ServiceError,
  status: number,
  context: RefusalContext,
): string | undefined {
  if (status >= 500) return "the service, or a proxy in front of it, cannot answer now; try again later";
  const offset = context.clockOffsetSeconds ?? 0;
  if (Math.abs(offset) >= NOTICEABLE_OFFSET_SECONDS) {
    return `this machine's clock is ${Math.abs(Math.round(offset))} s ${offset > 0 ? "ahead of" : "behind"} the service's; set it right`;
  }
  const explain =
    EXPLANATIONS.find(([pattern]) => pattern.test(error.message))?.[1] ??
    (Object.hasOwn(BY_TYPE, error.type) ? BY_TYPE[error.type] : undefined);
  return explain?.(context);
}
