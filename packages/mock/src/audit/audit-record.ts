import { clip, MAX_MESSAGE_LENGTH, printable } from "../errors/printable.ts";
import type { ReasonCode } from "../errors/refusal.ts";
import { deriveSigning } from "../request/canonical-request.ts";
import { headerValues } from "../request/received-request.ts";
import type { CreateSessionOutput, SessionVerdict } from "../session/create-session.ts";
import type { State } from "../state/state.ts";
import type { Certificate } from "../trust/certificate.ts";

const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

/** How many UTF-16 units of a certificate, or of what was signed, a record keeps. */
const MAX_DETAIL_LENGTH = 16_384;

/** How many unmapped values a record names. */
const MAX_UNMAPPED = 100;

/** The members that all records of CreateSession have alike. */
const CONSTANT = {
  eventVersion: "1.09",
  userIdentity: { type: "Unknown", principalId: "", arn: "", accountId: "" },
  eventSource: "rolesanywhere.amazonaws.com",
  eventName: "CreateSession",
  readOnly: false,
  eventType: "AwsApiCall",
  managementEvent: true,
  eventCategory: "Management",
} as const;

/** The record of one CreateSession call, in the form of CloudTrail. `_mock` has what CloudTrail does not tell. */
export type AuditRecord = typeof CONSTANT & {
  /** ISO 8601, by the mock's clock. */
  readonly eventTime: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string | undefined;
  readonly errorMessage?: string | undefined;
  readonly requestParameters: Readonly<Record<string, unknown>> | null;
  readonly responseElements: Readonly<Record<string, unknown>> | null;
  readonly requestID: string;
  readonly eventID: string;
  readonly recipientAccountId: string;
  readonly _mock: Verdict;
};

/** How a call ended, and why. Text that others wrote has escapes for control characters, and is cut off when long. */
export interface Verdict {
  readonly verdict: "granted" | "refused";
  /** HTTP status of the answer. */
  readonly status: number;
  readonly reason?: ReasonCode | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly remedy?: string | undefined;
  readonly certificate?:
    | {
        readonly subject: string;
        readonly issuer: string;
        /** Decimal. */
        readonly serialNumber: string;
        readonly notBefore: string;
        readonly notAfter: string;
        /** Lower-case hex SHA-256 of the DER. */
        readonly fingerprint: string;
      }
    | undefined;
  /** Of a granted session: certificate values that could not become session tags, for example `x509Subject/O`. */
  readonly unmappedAttributes?: readonly string[] | undefined;
  /** The text that the client had to sign. A record of a wrong signature has it, to compare with the client's own. */
  readonly canonicalRequest?: string | undefined;
  readonly stringToSign?: string | undefined;
}

/** Writes the record of one call. Secret key and session token are left out, as CloudTrail does. */
export function toAuditRecord(
  verdict: SessionVerdict,
  facts: { readonly state: State; readonly requestId: string; readonly eventId: string; readonly now: Date },
): AuditRecord {
  const { received, request } = verdict;
  const { state, requestId, eventId, now } = facts;
  const refusal = "refusal" in verdict ? verdict.refusal : undefined;
  return {
    ...CONSTANT,
    eventTime: now.toISOString(),
    awsRegion: state.region,
    sourceIPAddress: received.sourceIp ?? "",
    userAgent: printable(request?.userAgent ?? headerValues(received, "user-agent")[0] ?? "", 400),
    errorCode: refusal?.type,
    errorMessage: refusal === undefined ? undefined : printable(refusal.message, MAX_MESSAGE_LENGTH),
    requestParameters: requestParameters(verdict),
    responseElements: "output" in verdict ? responseElements(verdict.output) : null,
    requestID: requestId,
    eventID: eventId,
    recipientAccountId: state.accountId,
    _mock: {
      verdict: refusal === undefined ? "granted" : "refused",
      status: refusal?.status ?? 201,
      reason: refusal?.reason,
      ...refusal?.explanation,
      certificate: verdict.certificate === undefined ? undefined : describe(verdict.certificate),
      unmappedAttributes: unmapped(verdict),
      ...(refusal?.reason === "SIGNATURE_MISMATCH" ? signing(verdict) : {}),
    },
  };
}

/** One line for people about a call. */
export function toLogLine(verdict: SessionVerdict, requestId: string): string {
  if ("refusal" in verdict) {
    const { status, type } = verdict.refusal;
    return `CreateSession refused with ${status} ${type} (${requestId}): ${verdict.refusal.explain()}`;
  }
  const { parameters, certificate } = verdict;
  const subject = certificate === undefined ? "" : printable(certificate.subject.text);
  const without = unmapped(verdict)?.join(", ");
  const warning = without === undefined ? "" : `; no session tags for ${printable(without)}`;
  return `CreateSession granted: ${printable(parameters?.roleArn ?? "")} to ${subject}${warning}`;
}

function requestParameters({ certificate, parameters }: SessionVerdict): Record<string, unknown> | null {
  // A call whose certificate could not be read has no parameters either.
  return certificate === undefined ? null : { cert: clip(certificate.pem, MAX_DETAIL_LENGTH), ...parameters };
}

function responseElements(output: CreateSessionOutput): Record<string, unknown> {
  const hidden = { secretAccessKey: HIDDEN, sessionToken: HIDDEN };
  const credentialSet = output.credentialSet.map((entry) =>
    Object.assign({}, entry, { credentials: { ...entry.credentials, ...hidden } }),
  );
  return { ...output, credentialSet };
}

/** The values that could not become session tags, or `undefined` when there are none. */
function unmapped(verdict: SessionVerdict): readonly string[] | undefined {
  if (!("unmapped" in verdict) || verdict.unmapped.length === 0) return undefined;
  return verdict.unmapped.slice(0, MAX_UNMAPPED);
}

function describe({ subject, issuer, serialNumber, notBefore, notAfter, fingerprint }: Certificate) {
  return {
    subject: printable(subject.text),
    issuer: printable(issuer.text),
    serialNumber: serialNumber.toString(),
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
    fingerprint,
  };
}

function signing({ request }: SessionVerdict): Partial<Verdict> {
  if (request === undefined) return {};
  const { canonicalRequest, stringToSign } = deriveSigning(request);
  return { canonicalRequest: clip(canonicalRequest, MAX_DETAIL_LENGTH), stringToSign };
}
