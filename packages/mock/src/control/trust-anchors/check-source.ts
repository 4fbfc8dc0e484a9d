import type { z } from "zod";
import type { TrustAnchorSource } from "../../state/records.ts";
import { constraintError, mustNotBeNull } from "../../model/constraint-failure.ts";
import type { source as sourceShape } from "../../model/shapes.ts";
import { validationError } from "../../errors/service-error.ts";
import { checkCertificateBundle } from "./certificate-bundle.ts";

/**
 * Turns the source of a create or update into the record's, after the checks of its type.
 *
 * @throws {ServiceError} 400
 */
export function checkSource(source: z.infer<typeof sourceShape>): TrustAnchorSource {
  const { sourceType, sourceData } = source;
  if (sourceType === undefined) throw constraintError(mustNotBeNull("source.sourceType"));
  if (sourceData === undefined) throw constraintError(mustNotBeNull("source.sourceData"));
  const { x509CertificateData, acmPcaArn } = sourceData;
  if (x509CertificateData !== undefined && acmPcaArn !== undefined) {
    throw validationError("source.sourceData is a union: exactly one of its members must be set");
  }
  switch (sourceType) {
    case "CERTIFICATE_BUNDLE":
      if (x509CertificateData === undefined) {
        throw constraintError(mustNotBeNull("source.sourceData.x509CertificateData"));
      }
      checkCertificateBundle(x509CertificateData);
      return { sourceType, sourceData: { x509CertificateData } };
    case "AWS_ACM_PCA":
      if (acmPcaArn === undefined) throw constraintError(mustNotBeNull("source.sourceData.acmPcaArn"));
      // There is no AWS Private CA to ask: every one is unreadable, and this is what AWS says then.
      throw validationError("Error creating TrustAnchor. Given AWS PCA did not allow get request.: ");
    case "SELF_SIGNED_REPOSITORY":
      throw validationError("Source type SELF_SIGNED_REPOSITORY is not supported");
  }
}
