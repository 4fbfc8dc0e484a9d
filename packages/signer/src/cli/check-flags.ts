import { decodedPem } from "../keys/pem.ts";
import type { IdentityFlags } from "./session-flags.ts";
import { refuseKeyItself, refuseSpecialFlags } from "./special-flags.ts";

/** Flags for tokens, stores and TPMs. */
const SPECIAL = [
  ...(["cert-selector", "system-store-name", "use-latest-expiring-certificate", "pkcs11-lib"] as const),
  ...(["reuse-pin", "tpm-key-password", "no-tpm-key-password"] as const),
];

/**
 * Refuses flags that exclude each other, a key itself as a value, and flags for keys that are not supported.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE, ERR_SIGNER_KEY_UNSUPPORTED.
 */
export function refuseUnsupported(flags: IdentityFlags): void {
  for (const name of ["certificate", "private-key", "intermediates"] as const) {
    if (decodedPem(flags[name] ?? "").includes("PRIVATE KEY-----")) {
      refuseKeyItself(name);
    }
  }
  if (hasSpecial(flags)) refuseSpecialFlags(flags);
}

/** Whether there are flags that need to be looked at more closely. */
export function hasSpecial(flags: IdentityFlags): boolean {
  return (
    SPECIAL.some((name) => flags[name] !== undefined) ||
    (flags["pkcs8-password"] !== undefined && flags["pkcs8-password-env"] !== undefined) ||
    /^(?:pkcs11|handle):/.test(flags.certificate ?? "") ||
    /^(?:pkcs11|handle):/.test(flags["private-key"] ?? "")
  );
}
