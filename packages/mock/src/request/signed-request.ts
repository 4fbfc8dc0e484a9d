import { printable } from "../errors/printable.ts";
import { Refusal, requireThat } from "../errors/refusal.ts";
import { BoundedCache } from "../trust/bounded-cache.ts";
import { parseCertificate } from "../trust/certificate.ts";
import type { Certificate } from "../trust/certificate.ts";
import { attempt, DerError, parseTime } from "../trust/der.ts";
import { isBase64 } from "../trust/pem.ts";
import { parseAuthorization } from "./authorization.ts";
import type { Authorization } from "./authorization.ts";
import type { SignedParts } from "./canonical-request.ts";
import { indexHeaders, parseQuery, splitTarget, trimBlanks } from "./received-request.ts";
import type { Headers, QueryParameter, ReceivedRequest } from "./received-request.ts";

/** How many certificates the chain header may hold. */
export const MAX_CHAIN_LENGTH = 5;

/**
 * How far a request's date may lie from the mock's clock, in seconds. AWS documents no window for this service;
 * five minutes is what SigV4 uses elsewhere.
 */
export const CLOCK_SKEW_SECONDS = 300;

/**
 * A CreateSession request, read once. All of its parts are well-formed. Later steps check the signature, the date and
 * the certificates.
 */
export interface SignedRequest extends Authorization, SignedParts {
  readonly algorithm: Authorization["algorithm"];
  /** The time of `amzDate`. */
  readonly signedAt: Date;
  /** The end-entity certificate of `X-Amz-X509`. */
  readonly certificate: Certificate;
  /**
   * The certificates of `X-Amz-X509-Chain`, in the order of the header. Clients send them in any order, with the
   * end-entity certificate first or without it, with the root or without it.
   */
  readonly chain: readonly Certificate[];
  readonly sourceIp?: string | undefined;
  readonly secure: boolean;
  readonly userAgent?: string | undefined;
}

/** Reads a CreateSession request: `Authorization`, certificates, date and query. A refusal has what was read by then. */
export function readSignedRequest(
  received: ReceivedRequest,
): SignedRequest | { readonly refusal: Refusal; readonly certificate?: Certificate | undefined } {
  const { method, body, sourceIp, secure = false } = received;
  let certificate: Certificate | undefined;
  try {
    const headers = indexHeaders(received.rawHeaders);
    const authorization = parseAuthorization(singleHeader(headers, "authorization"));
    certificate = readEndEntityCertificate(singleHeader(headers, "x-amz-x509"));
    const { path, query } = splitTarget(received.target);
    return {
      method,
      path,
      headers,
      body,
      sourceIp,
      secure,
      userAgent: headers.get("user-agent")?.[0],
      ...authorization,
      certificate,
      chain: readChain(singleHeader(headers, "x-amz-x509-chain")),
      ...readDate(singleHeader(headers, "x-amz-date")),
      query: readQuery(query),
    };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error, certificate };
    throw error;
  }
}

/**
 * The value of a header that may occur only once. With two `X-Amz-X509` headers, for example, nobody could tell which
 * certificate signed the request.
 */
function singleHeader(headers: Headers, name: string): string | undefined {
  const [value, ...others] = headers.get(name) ?? [];
  requireThat(others.length === 0, "HEADER_DUPLICATED", () => ({
    expected: `one ${name} header`,
    received: `${others.length + 1} of them`,
    remedy: `send ${name} once`,
  }));
  return value === undefined ? undefined : trimBlanks(value);
}

function readEndEntityCertificate(header = ""): Certificate {
  requireThat(header !== "", "CERTIFICATE_MISSING", () => ({
    expected: "X-Amz-X509: <base64 of the certificate's DER>",
    received: "no X-Amz-X509 header",
  }));
  const certificate = decodeCertificate(header);
  if (!(certificate instanceof Error)) return certificate;
  throw new Refusal("CERTIFICATE_MALFORMED", {
    expected: "standard base64, padded and on one line, of one DER certificate",
    received: certificate.message,
  });
}

function readChain(header: string | undefined): Certificate[] {
  if (header === undefined) return [];
  const entries = header.split(",");
  requireThat(entries.length <= MAX_CHAIN_LENGTH, "CHAIN_TOO_LONG", () => ({
    expected: `at most ${MAX_CHAIN_LENGTH} certificates in X-Amz-X509-Chain`,
    received: `${entries.length} certificates`,
  }));
  return entries.map((entry, index) => {
    const certificate = decodeCertificate(entry);
    if (!(certificate instanceof Error)) return certificate;
    throw new Refusal("CHAIN_MALFORMED", {
      expected: "base64 DER certificates joined by commas, without blanks",
      received: `entry ${index + 1}: ${certificate.message}`,
    });
  });
}

/** Certificates of trusted paths by their base64. Clients send the same ones with every session. */
const trusted = new BoundedCache<Certificate>(2 * 1024 * 1024);
const base64Of = new WeakMap<Certificate, string>();

/**
 * Keeps certificates, so that they need not be read again when a client sends them again. Only certificates with a path
 * to a trust anchor are kept, since others would take memory for nothing.
 */
export function rememberTrusted(certificates: readonly Certificate[]): void {
  for (const certificate of certificates) {
    const base64 = base64Of.get(certificate);
    if (base64 !== undefined) trusted.set(base64, certificate);
  }
}

function decodeCertificate(base64: string): Certificate | DerError {
  const known = trusted.get(base64);
  if (known !== undefined) return known;
  if (!isBase64(base64)) return new DerError("text that is not base64");
  const certificate = attempt(() => parseCertificate(Buffer.from(base64, "base64")));
  if (!(certificate instanceof DerError)) base64Of.set(certificate, base64);
  return certificate;
}

function readDate(sent: string | undefined): Pick<SignedRequest, "amzDate" | "signedAt"> {
  const expected = "X-Amz-Date: YYYYMMDDTHHMMSSZ";
  if (sent === undefined) throw new Refusal("DATE_MISSING", { expected, received: "no X-Amz-Date header" });
  const signedAt = parseAmzDate(sent);
  if (signedAt !== undefined) return { amzDate: sent, signedAt };
  throw new Refusal("DATE_MALFORMED", { expected, received: printable(sent, 40) });
}

/** Reads a time of the form `YYYYMMDDTHHMMSSZ`; `undefined` for another form or a time that does not exist. */
export function parseAmzDate(text: string): Date | undefined {
  return /^\d{8}T\d{6}Z$/.test(text) ? parseTime(text.replace("T", "")) : undefined;
}

function readQuery(text: string): readonly QueryParameter[] {
  const query = parseQuery(text);
  if (query !== undefined) return query;
  throw new Refusal("SIGNATURE_MISMATCH", {
    expected: "a query in percent-encoded UTF-8",
    received: printable(text, 200),
    remedy: "encode names and values of the query",
  });
}
