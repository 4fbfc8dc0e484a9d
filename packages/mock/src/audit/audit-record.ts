import type { CreateSessionParameters } from "../request/parameters.ts";
import type { DerivedSigning } from "../request/canonical-request.ts";
import { headerValues, type ReceivedRequest } from "../request/received-request.ts";
import type { CreateSessionOutput } from "../session/credential-set.ts";
import type { State } from "../state/state.ts";
import { type Certificate, toPem } from "../trust/certificate.ts";
import { formatName } from "../trust/distinguished-name.ts";
import type { ReasonCode, Refusal } from "../errors/refusal.ts";

const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

/** One CreateSession call, shaped like CloudTrail's record of it; `_mock` has what CloudTrail lacks. */
export interface AuditRecord {
  readonly eventVersion: "1.09";
  readonly userIdentity: {
    readonly type: "Unknown";
    readonly principalId: "";
    readonly arn: "";
    readonly accountId: "";
  };
  /** ISO 8601, by the mock's clock. */
  readonly eventTime: string;
  readonly eventSource: "rolesanywhere.amazonaws.com";
  readonly eventName: "CreateSession";
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: Readonly<Record<string, unknown>> | null;
  readonly responseElements: Readonly<Record<string, unknown>> | null;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: false;
  readonly eventType: "AwsApiCall";
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: "Management";
  readonly _mock: Verdict;
}

/** The mock's own account of a call. */
export interface Verdict {
  readonly verdict: "granted" | "refused";
  /** HTTP status of the answer. */
  readonly status: number;
  readonly reason?: ReasonCode;
  readonly expected?: string;
  readonly received?: string;
  readonly remedy?: string;
  readonly certificate?: {
    readonly subject: string;
    readonly issuer: string;
    /** Decimal. */
    readonly serialNumber: string;
    readonly notBefore: string;
    readonly notAfter: string;
    /** Lower-case hex SHA-256 of the DER. */
    readonly fingerprint: string;
  };
  /** What the signature must have been over; for a wrong signature, to compare with the signer's own. */
  readonly canonicalRequest?: string;
  readonly stringToSign?: string;
}

/** What became known about a call while it was worked on; filled in step by step. */
export interface SessionTrace {
  readonly requestId: string;
  certificate?: Certificate;
  signing?: DerivedSigning;
  parameters?: CreateSessionParameters;
}

/** How a call ended. */
export type Outcome = { readonly output: CreateSessionOutput } | { readonly refusal: Refusal };

export interface AuditRecordInit {
  readonly state: State;
  readonly request: ReceivedRequest;
  readonly trace: SessionTrace;
  readonly now: Date;
  readonly eventId: string;
  readonly outcome: Outcome;
}

/** Writes the record of one call. Secret key and session token are left out, as CloudTrail does. */
export function toAuditRecord({
  state,
  request,
  trace,
  now,
  eventId,
  outcome,
}: AuditRecordInit): AuditRecord {
  const refusal = "refusal" in outcome ? outcome.refusal : undefined;
  return {
    eventVersion: "1.09",
    userIdentity: { type: "Unknown", principalId: "", arn: "", accountId: "" },
    eventTime: now.toISOString(),
    eventSource: "rolesanywhere.amazonaws.com",
    eventName: "CreateSession",
    awsRegion: state.region,
    sourceIPAddress: request.sourceIp ?? "",
    userAgent: (headerValues(request, "user-agent")[0] ?? "").slice(0, 400),
    ...(refusal === undefined ? {} : { errorCode: refusal.type, errorMessage: refusal.message }),
    requestParameters: requestParameters(trace),
    responseElements: "output" in outcome ? responseElements(outcome.output) : null,
    requestID: trace.requestId,
    eventID: eventId,
    readOnly: false,
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: state.accountId,
    eventCategory: "Management",
    _mock: {
      verdict: refusal === undefined ? "granted" : "refused",
      status: refusal?.status ?? 201,
      ...(refusal === undefined ? {} : { reason: refusal.reason, ...refusal.explanation }),
      ...(trace.certificate === undefined ? {} : { certificate: describe(trace.certificate) }),
      ...(refusal?.reason === "SIGNATURE_MISMATCH" ? trace.signing : {}),
    },
  };
}

function requestParameters({ certificate, parameters }: SessionTrace): Record<string, unknown> | null {
  if (certificate === undefined && parameters === undefined) return null;
  return { ...(certificate === undefined ? {} : { cert: toPem(certificate) }), ...parameters };
}

function responseElements(output: CreateSessionOutput): Record<string, unknown> {
  return {
    ...output,
    credentialSet: output.credentialSet.map((entry) => ({
      ...entry,
      credentials: { ...entry.credentials, secretAccessKey: HIDDEN, sessionToken: HIDDEN },
    })),
  };
}

function describe(certificate: Certificate): NonNullable<Verdict["certificate"]> {
  return {
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    serialNumber: certificate.serialNumber.toString(),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    fingerprint: certificate.fingerprint,
  };
}
