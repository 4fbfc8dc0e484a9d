import type { SessionTrace } from "../audit/audit-record.ts";
import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { MockContext } from "../context.ts";
import { type Authorization, parseAuthorization } from "../request/authorization.ts";
import { deriveSigning, queryValueEncodings } from "../request/canonical-request.ts";
import { readChain, readEndEntityCertificate } from "../request/certificates.ts";
import { parseQuery, type QueryParameter } from "../request/query.ts";
import { headerValues, type ReceivedRequest, splitTarget } from "../request/received-request.ts";
import { checkScope } from "../request/scope.ts";
import { checkSigningTime } from "../request/signing-time.ts";
import { signingKey, verifySignature } from "../request/verify-signature.ts";
import type { Certificate } from "../trust/certificate.ts";

/** A request whose signature holds for the certificate that it carries; whether that is to be trusted is open. */
export interface Authenticated {
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  readonly query: readonly QueryParameter[];
}

/**
 * Checks that the sender holds the private key of the certificate in the request.
 *
 * @param trace gets the certificate, and the derived strings for the audit
 * @throws {Refusal} one of the reasons about the request and its signature
 */
export function authenticate(
  context: Pick<MockContext, "state">,
  request: ReceivedRequest,
  trace: SessionTrace,
  now: Date,
): Authenticated {
  const authorization = parseAuthorization(request);
  const certificate = readEndEntityCertificate(request);
  trace.certificate = certificate;
  const chain = readChain(request);
  const amzDate = checkSigningTime(request, authorization, now);
  checkScope(authorization, context.state.region, certificate);
  checkSignedHeaders(request, authorization);
  const { path, query: rawQuery } = splitTarget(request.target);
  const query = parseQuery(rawQuery);
  if (query === undefined) {
    throw denied("SIGNATURE_MISMATCH", AWS_MESSAGE.signature, {
      expected: "a query in percent-encoded UTF-8",
      received: rawQuery.slice(0, 200),
      remedy: "encode names and values of the query",
    });
  }
  const key = signingKey(certificate, authorization.algorithm);
  const { algorithm, scope } = authorization;
  const parameters = {
    algorithm,
    amzDate,
    scope: `${scope.date}/${scope.region}/${scope.service}/${scope.terminator}`,
  };
  for (const encodeValue of queryValueEncodings(query)) {
    const signing = deriveSigning(request, path, query, authorization.signedHeaders, parameters, encodeValue);
    trace.signing ??= signing;
    if (verifySignature(algorithm, key, signing.stringToSign, authorization.signature)) {
      return { certificate, chain, query };
    }
  }
  throw denied("SIGNATURE_MISMATCH", AWS_MESSAGE.signature, {
    expected: "a signature over the string to sign below, by the private key of the certificate",
    received: `${authorization.signature.length} bytes that do not verify`,
    remedy: "compare canonicalRequest and stringToSign of this record with the signer's own",
  });
}

/** The headers that say who is calling and where must be under the signature. */
function checkSignedHeaders(request: ReceivedRequest, { signedHeaders }: Authorization): void {
  const required = ["host", "x-amz-x509"];
  if (headerValues(request, "x-amz-x509-chain").length > 0) required.push("x-amz-x509-chain");
  const missing = required.filter((name) => !signedHeaders.includes(name));
  const absent = signedHeaders.filter((name) => headerValues(request, name).length === 0);
  if (missing.length > 0 || absent.length > 0) {
    throw denied("SIGNED_HEADER_MISSING", AWS_MESSAGE.signature, {
      expected: `SignedHeaders with ${required.join(", ")}, each of them sent`,
      received:
        missing.length > 0
          ? `SignedHeaders without ${missing.join(", ")}`
          : `a request without ${absent.join(", ")}`,
      remedy:
        "sign host, x-amz-x509 and, when it is sent, x-amz-x509-chain; send every header that is signed",
    });
  }
}
