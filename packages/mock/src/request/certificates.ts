import { denied, AWS_MESSAGE } from "../errors/refusal.ts";
import { type Certificate, parseCertificate } from "../trust/certificate.ts";
import { DerError } from "../trust/der.ts";
import { isBase64 } from "../trust/pem.ts";
import { remember } from "../trust/remember.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { singleHeader } from "./single-header.ts";

/** How many certificates the chain header may hold. */
export const MAX_CHAIN_LENGTH = 5;

/**
 * The end-entity certificate of `X-Amz-X509`: standard base64 of its DER on one line.
 *
 * @throws {Refusal} CERTIFICATE_MISSING, CERTIFICATE_MALFORMED
 */
export function readEndEntityCertificate(request: ReceivedRequest): Certificate {
  const header = singleHeader(request, "x-amz-x509");
  if (header === undefined || header === "") {
    throw denied("CERTIFICATE_MISSING", AWS_MESSAGE.untrusted, {
      expected: "X-Amz-X509: <base64 of the certificate's DER>",
      received: "no X-Amz-X509 header",
      remedy: "send the end-entity certificate",
    });
  }
  const certificate = decodeCertificate(header);
  if (certificate instanceof Error) {
    throw denied("CERTIFICATE_MALFORMED", AWS_MESSAGE.untrusted, {
      expected: "standard base64, padded and on one line, of one DER certificate",
      received: certificate.message,
      remedy: "send the body of the PEM block without line breaks",
    });
  }
  return certificate;
}

/**
 * The certificates of `X-Amz-X509-Chain`, in the order of the header; empty when it is absent. Clients send them in
 * any order, with the end-entity certificate first or without it, with the root or without it.
 *
 * @throws {Refusal} CHAIN_MALFORMED, CHAIN_TOO_LONG
 */
export function readChain(request: ReceivedRequest): Certificate[] {
  const header = singleHeader(request, "x-amz-x509-chain");
  if (header === undefined) return [];
  const entries = header.split(",");
  if (entries.length > MAX_CHAIN_LENGTH) {
    throw denied("CHAIN_TOO_LONG", AWS_MESSAGE.untrusted, {
      expected: `at most ${MAX_CHAIN_LENGTH} certificates in X-Amz-X509-Chain`,
      received: `${entries.length} certificates`,
      remedy: "send only the intermediates between the certificate and the trust anchor",
    });
  }
  return entries.map((entry, index) => {
    const certificate = decodeCertificate(entry);
    if (certificate instanceof Error) {
      throw denied("CHAIN_MALFORMED", AWS_MESSAGE.untrusted, {
        expected: "base64 DER certificates joined by commas, without blanks",
        received: `entry ${index + 1}: ${certificate.message}`,
        remedy: "send the body of each PEM block without line breaks",
      });
    }
    return certificate;
  });
}

/** The same certificate comes back with every session: its text is read once. */
const readBase64 = remember(512, (base64) => {
  if (!isBase64(base64)) throw new DerError("text that is not base64");
  return parseCertificate(Buffer.from(base64, "base64"));
});

function decodeCertificate(base64: string): Certificate | DerError {
  try {
    return readBase64(base64);
  } catch (error) {
    if (error instanceof DerError) return error;
    throw error;
  }
}
