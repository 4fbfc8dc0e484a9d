import { verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { printable } from "../errors/printable.ts";
import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Algorithm } from "../request/authorization.ts";
import { deriveSigning, queryValueEncodings } from "../request/canonical-request.ts";
import { CLOCK_SKEW_SECONDS } from "../request/signed-request.ts";
import type { SignedRequest } from "../request/signed-request.ts";
import type { Certificate } from "../trust/certificate.ts";

/**
 * Checks that the sender holds the private key of the certificate in the request, and signed this request for this
 * service, region and time. It does not check whether the certificate is trusted.
 *
 * @param region the emulated region
 * @throws {Refusal} one of the reasons about the request and its signature
 */
export function authenticate(request: SignedRequest, region: string, now: Date): void {
  checkDate(request, now);
  checkScope(request, region);
  checkSignedHeaders(request);
  const { algorithm, signature } = request;
  const key = signingKey(request.certificate, algorithm);
  const holds = queryValueEncodings(request.query).some((encodeValue) =>
    isSigned(algorithm, key, deriveSigning(request, encodeValue).stringToSign, signature),
  );
  if (holds) return;
  throw denied("SIGNATURE_MISMATCH", AWS_MESSAGE.signature, {
    expected: "a signature over the string to sign below, by the private key of the certificate",
    received: `${signature.length} bytes that do not verify`,
    remedy: "compare canonicalRequest and stringToSign of this record with the signer's own",
  });
}

/** Checks the date of the request against the clock and the credential scope. */
function checkDate({ amzDate, signedAt, scope }: SignedRequest, now: Date): void {
  const day = amzDate.slice(0, 8);
  if (scope.date !== day) {
    throw denied("SCOPE_DATE_MISMATCH", AWS_MESSAGE.signature, {
      expected: `${day} in the credential scope, the day of X-Amz-Date`,
      received: printable(scope.date, 40),
      remedy: "take both from the same clock reading",
    });
  }
  const lateBySeconds = (now.getTime() - signedAt.getTime()) / 1000;
  if (Math.abs(lateBySeconds) > CLOCK_SKEW_SECONDS) {
    throw denied(lateBySeconds > 0 ? "REQUEST_EXPIRED" : "REQUEST_NOT_YET_VALID", AWS_MESSAGE.signature, {
      expected: `a date within ${CLOCK_SKEW_SECONDS} seconds of ${now.toISOString()}`,
      received: amzDate,
      remedy: "set the client's clock (NTP), and sign each attempt anew",
    });
  }
}

/** Checks the rest of the credential scope, and that the credential names the certificate that was sent. */
function checkScope({ scope, serialNumber, certificate }: SignedRequest, region: string): void {
  if (scope.region !== region) {
    throw denied("SCOPE_REGION_MISMATCH", AWS_MESSAGE.signature, {
      expected: `region ${region} in the credential scope`,
      received: printable(scope.region, 60),
      remedy: "sign for the region of the endpoint, which is the trust anchor's",
    });
  }
  if (scope.service !== "rolesanywhere" || scope.terminator !== "aws4_request") {
    throw denied("SCOPE_SERVICE_MISMATCH", AWS_MESSAGE.signature, {
      expected: "…/rolesanywhere/aws4_request at the end of the credential scope",
      received: `…/${printable(scope.service, 60)}/${printable(scope.terminator, 60)}`,
      remedy: "sign for the service rolesanywhere",
    });
  }
  const decimal = certificate.serialNumber.toString();
  if (serialNumber !== decimal) {
    throw denied("SERIAL_MISMATCH", AWS_MESSAGE.signature, {
      expected: `Credential=${decimal}/…, the certificate's serial number in decimal`,
      received: `Credential=${printable(serialNumber, 120)}/…`,
      remedy: "write the serial number of the certificate in X-Amz-X509 in decimal, not in hex",
    });
  }
}

/** Checks that the signature covers the headers that name the caller's certificate and the host. */
function checkSignedHeaders({ headers, signedHeaders }: SignedRequest): void {
  const required = ["host", "x-amz-x509"];
  if (headers.has("x-amz-x509-chain")) required.push("x-amz-x509-chain");
  const missing = required.filter((name) => !signedHeaders.includes(name));
  const absent = signedHeaders.filter((name) => !headers.has(name));
  if (missing.length > 0 || absent.length > 0) {
    throw denied("SIGNED_HEADER_MISSING", AWS_MESSAGE.signature, {
      expected: `SignedHeaders with ${required.join(", ")}, each of them sent`,
      received:
        missing.length > 0
          ? `SignedHeaders without ${missing.join(", ")}`
          : `a request without ${printable(absent.join(", "), 400)}`,
      remedy:
        "sign host, x-amz-x509 and, when it is sent, x-amz-x509-chain; send every header that is signed",
    });
  }
}

/** The curves of keys that may sign. AWS documents none; its helper and CAs use these. */
const CURVES: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);

/** The certificate's key. Its type must be one that may sign, and must match the algorithm token. */
function signingKey(certificate: Certificate, algorithm: Algorithm): KeyObject {
  const key = certificate.publicKey;
  const wanted = key === undefined ? undefined : algorithmOf(key);
  if (key === undefined || wanted === undefined) {
    const type =
      key?.asymmetricKeyDetails?.namedCurve ?? key?.asymmetricKeyType ?? certificate.publicKeyAlgorithm;
    throw denied("KEY_TYPE_UNSUPPORTED", AWS_MESSAGE.insufficient, {
      expected: "an RSA, EC (P-256, P-384, P-521) or ML-DSA-44/65/87 key",
      received: type,
      remedy:
        "issue the certificate for another key; ML-DSA needs a Node.js whose OpenSSL knows it (24 and later)",
    });
  }
  if (wanted !== algorithm) {
    throw denied("ALGORITHM_KEY_MISMATCH", AWS_MESSAGE.signature, {
      expected: `${wanted}, for the ${key.asymmetricKeyType} key of the certificate`,
      received: algorithm,
      remedy: "sign with the private key that belongs to the certificate in X-Amz-X509",
    });
  }
  return key;
}

function algorithmOf(key: KeyObject): Algorithm | undefined {
  const type: string | undefined = key.asymmetricKeyType;
  if (type === "rsa") return "AWS4-X509-RSA-SHA256";
  if (type === "ec") {
    return CURVES.has(key.asymmetricKeyDetails?.namedCurve ?? "") ? "AWS4-X509-ECDSA-SHA256" : undefined;
  }
  return type?.startsWith("ml-dsa-") === true ? "AWS4-X509-MLDSA" : undefined;
}

/** Whether these bytes are a signature over the string to sign. */
function isSigned(
  algorithm: Algorithm,
  key: KeyObject,
  stringToSign: string,
  signature: Uint8Array,
): boolean {
  // ML-DSA signs the string itself, the others its SHA-256 whatever the size of the key.
  const digest = algorithm === "AWS4-X509-MLDSA" ? null : "sha256";
  try {
    return verify(digest, Buffer.from(stringToSign), key, signature);
  } catch {
    return false;
  }
}
