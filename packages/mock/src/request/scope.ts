import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Certificate } from "../trust/certificate.ts";
import type { Authorization } from "./authorization.ts";

/**
 * Checks the rest of the credential scope, and that the credential names the certificate that was sent.
 *
 * @throws {Refusal} SCOPE_REGION_MISMATCH, SCOPE_SERVICE_MISMATCH, SERIAL_MISMATCH
 */
export function checkScope(
  { scope, serialNumber }: Authorization,
  region: string,
  certificate: Certificate,
): void {
  if (scope.region !== region) {
    throw denied("SCOPE_REGION_MISMATCH", AWS_MESSAGE.signature, {
      expected: `region ${region} in the credential scope`,
      received: scope.region.slice(0, 60),
      remedy: "sign for the region of the endpoint, which is the trust anchor's",
    });
  }
  if (scope.service !== "rolesanywhere" || scope.terminator !== "aws4_request") {
    throw denied("SCOPE_SERVICE_MISMATCH", AWS_MESSAGE.signature, {
      expected: "…/rolesanywhere/aws4_request at the end of the credential scope",
      received: `…/${scope.service.slice(0, 60)}/${scope.terminator.slice(0, 60)}`,
      remedy: "sign for the service rolesanywhere",
    });
  }
  const decimal = certificate.serialNumber.toString();
  if (serialNumber !== decimal) {
    throw denied("SERIAL_MISMATCH", AWS_MESSAGE.signature, {
      expected: `Credential=${decimal}/…, the certificate's serial number in decimal`,
      received: `Credential=${serialNumber.slice(0, 120)}/…`,
      remedy: "write the serial number of the certificate in X-Amz-X509 in decimal, not in hex",
    });
  }
}
