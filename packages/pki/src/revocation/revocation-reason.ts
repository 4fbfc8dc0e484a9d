import { PkiError } from "../errors.ts";

/**
 * Why a certificate is revoked, with the numbers of RFC 5280 §5.3.1. certificateHold is left out: nothing here takes a
 * revocation back.
 */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

/** The name of a reason, for example `keyCompromise`. */
export type RevocationReason = keyof typeof REVOCATION_REASONS;

/**
 * Checks a reason of a program without types.
 *
 * @throws {PkiError} ERR_PKI_REVOCATION_LIST_INVALID
 */
export function checkReason(reason: string): void {
  if (isRevocationReason(reason)) return;
  throw new PkiError(
    "ERR_PKI_REVOCATION_LIST_INVALID",
    `the reason ${JSON.stringify(reason)} is not known; give one of ${Object.keys(REVOCATION_REASONS).join(", ")}`,
  );
}

export function isRevocationReason(text: string): text is RevocationReason {
  return Object.hasOwn(REVOCATION_REASONS, text);
}
