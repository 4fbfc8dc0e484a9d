import type { KeyObject } from "node:crypto";
import { printable } from "../errors/printable.ts";
import { requireThat } from "../errors/refusal.ts";
import type { Algorithm } from "../request/authorization.ts";
import { deriveSigning, queryValueEncodings } from "../request/canonical-request.ts";
import { CLOCK_SKEW_SECONDS } from "../request/signed-request.ts";
import type { SignedRequest } from "../request/signed-request.ts";
import type { Certificate } from "../trust/certificate.ts";
import { isSigned } from "../trust/signature-algorithm.ts";

/**
 * Checks that the sender holds the private key of the certificate in the request, and signed this request for this
 * service, region and time. It does not check whether the certificate is trusted.
 *
 * @param region the emulated region
 */
export function authenticate(request: SignedRequest, region: string, now: Date): void {
  checkDate(request, now);
  checkScope(request, region);
  checkSignedHeaders(request);
  const { algorithm, signature } = request;
  const key = signingKey(request.certificate, algorithm);
  // ML-DSA signs the string itself, the others its SHA-256 whatever the size of the key.
  const digest = algorithm === "AWS4-X509-MLDSA" ? null : "sha256";
  const holds = queryValueEncodings(request.query).some((encodeValue) =>
    isSigned(Buffer.from(deriveSigning(request, encodeValue).stringToSign), digest, key, signature),
  );
  requireThat(holds, "SIGNATURE_MISMATCH", () => ({
    expected: "a signature over the string to sign below, by the private key of the certificate",
    received: `${signature.length} bytes that do not verify`,
  }));
}

/** Checks the date of the request against the clock and the credential scope. */
function checkDate({ amzDate, signedAt, scope }: SignedRequest, now: Date): void {
  const day = amzDate.slice(0, 8);
  requireThat(scope.date === day, "SCOPE_DATE_MISMATCH", () => ({
    expected: `${day} in the credential scope, the day of X-Amz-Date`,
    received: printable(scope.date, 40),
  }));
  const lateBySeconds = (now.getTime() - signedAt.getTime()) / 1000;
  const reason = lateBySeconds > 0 ? "REQUEST_EXPIRED" : "REQUEST_NOT_YET_VALID";
  requireThat(Math.abs(lateBySeconds) <= CLOCK_SKEW_SECONDS, reason, () => ({
    expected: `a date within ${CLOCK_SKEW_SECONDS} seconds of ${now.toISOString()}`,
    received: amzDate,
  }));
}

/** Checks the rest of the credential scope, and that the credential names the certificate that was sent. */
function checkScope({ scope, serialNumber, certificate }: SignedRequest, region: string): void {
  requireThat(scope.region === region, "SCOPE_REGION_MISMATCH", () => ({
    expected: `region ${region} in the credential scope`,
    received: printable(scope.region, 60),
  }));
  const isScoped = scope.service === "rolesanywhere" && scope.terminator === "aws4_request";
  requireThat(isScoped, "SCOPE_SERVICE_MISMATCH", () => ({
    expected: "…/rolesanywhere/aws4_request at the end of the credential scope",
    received: `…/${printable(scope.service, 60)}/${printable(scope.terminator, 60)}`,
  }));
  const decimal = certificate.serialNumber.toString();
  requireThat(serialNumber === decimal, "SERIAL_MISMATCH", () => ({
    expected: `Credential=${decimal}/…, the certificate's serial number in decimal`,
    received: `Credential=${printable(serialNumber, 120)}/…`,
  }));
}

/** Checks that the signature covers the headers that name the caller's certificate and the host. */
function checkSignedHeaders({ headers, signedHeaders }: SignedRequest): void {
  const required = ["host", "x-amz-x509"];
  if (headers.has("x-amz-x509-chain")) required.push("x-amz-x509-chain");
  const missing = required.filter((name) => !signedHeaders.includes(name));
  const absent = signedHeaders.filter((name) => !headers.has(name));
  requireThat(missing.length === 0 && absent.length === 0, "SIGNED_HEADER_MISSING", () => ({
    expected: `SignedHeaders with ${required.join(", ")}, each of them sent`,
    received:
      missing.length > 0
        ? `SignedHeaders without ${missing.join(", ")}`
        : `a request without ${printable(absent.join(", "), 400)}`,
  }));
}

/** The algorithm of each key that may sign, by identifier of type or curve. AWS documents no curves; its helper and CAs use these. */
const ALGORITHM_OF: Readonly<Record<string, Algorithm>> = {
  "1.2.840.113549.1.1.1": "AWS4-X509-RSA-SHA256",
  // P-256, P-384, P-521
  "1.2.840.10045.3.1.7": "AWS4-X509-ECDSA-SHA256",
  "1.3.132.0.34": "AWS4-X509-ECDSA-SHA256",
  "1.3.132.0.35": "AWS4-X509-ECDSA-SHA256",
  // ML-DSA-44, ML-DSA-65, ML-DSA-87
  "2.16.840.1.101.3.4.3.17": "AWS4-X509-MLDSA",
  "2.16.840.1.101.3.4.3.18": "AWS4-X509-MLDSA",
  "2.16.840.1.101.3.4.3.19": "AWS4-X509-MLDSA",
};

/** The certificate's key. Its type must be one that may sign, and must match the algorithm token. */
function signingKey({ publicKey: key, publicKeyAlgorithm }: Certificate, algorithm: Algorithm): KeyObject {
  const wanted = ALGORITHM_OF[publicKeyAlgorithm];
  requireThat(key !== undefined && wanted !== undefined, "KEY_TYPE_UNSUPPORTED", () => ({
    expected: "an RSA, EC (P-256, P-384, P-521) or ML-DSA-44/65/87 key",
    received: key?.asymmetricKeyDetails?.namedCurve ?? key?.asymmetricKeyType ?? publicKeyAlgorithm,
  }));
  requireThat(wanted === algorithm, "ALGORITHM_KEY_MISMATCH", () => ({
    expected: `${wanted}, for the ${key.asymmetricKeyType} key of the certificate`,
    received: algorithm,
  }));
  return key;
}
