import { loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity } from "../keys/identity.ts";
import { isTokenUri } from "../keys/is-token-uri.ts";
import type * as TokenCode from "./token-identity.ts";

/** Whether certificate or key are in a PKCS#11 token. */
export function usesToken({
  certificate,
  privateKey,
}: Pick<IdentitySources, "certificate" | "privateKey">): boolean {
  return [certificate, privateKey].some(isTokenUri);
}

/** The code for tokens, loaded when the first one is used. */
export function tokenCode(): Promise<typeof TokenCode> {
  return import("./token-identity.ts");
}

/** Loads an identity, from files or from a token. */
export function loadAnyIdentity(sources: IdentitySources): SigningIdentity | Promise<SigningIdentity> {
  return usesToken(sources) ? loadTokenIdentity(sources) : loadIdentity(sources);
}

/**
 * Loads an identity whose certificate or private key, or both, are in a PKCS#11 token: an HSM, a YubiKey, SoftHSM. The key
 * signs on the token. Certificate and key are looked for anew in each call; the login is kept, and made again when the token
 * has been away. Needs the package pkcs11js.
 *
 * @param sources `certificate` or `privateKey` as a `pkcs11:` URI (RFC 7512), the other one as well or a file; `passphrase` is
 *   the PIN, unless the URI says where it is. A URI for the certificate alone finds its key by CKA_ID or label.
 * @throws {SignerError} ERR_SIGNER_PKCS11_LIBRARY, ERR_SIGNER_PKCS11_URI_INVALID, ERR_SIGNER_TOKEN_NOT_FOUND,
 *   ERR_SIGNER_TOKEN_AMBIGUOUS, ERR_SIGNER_PIN_MISSING, ERR_SIGNER_PIN_WRONG, ERR_SIGNER_PIN_LOCKED, ERR_SIGNER_TOKEN_FAILED or
 *   ERR_SIGNER_TIMEOUT; ERR_SIGNER_CERTIFICATE_INVALID, ERR_SIGNER_KEY_INVALID and ERR_SIGNER_KEY_MISMATCH for what is not on
 *   the token or does not belong together; and what `loadIdentity` throws for what is in files.
 * @example
 * const { signer, certificate } = await loadTokenIdentity({
 *   certificate: "pkcs11:token=server;object=client?pin-source=file:/etc/ra/pin",
 *   pkcs11: { library: "/usr/lib/softhsm/libsofthsm2.so" } });
 * @see https://www.rfc-editor.org/rfc/rfc7512
 */
export async function loadTokenIdentity(sources: IdentitySources): Promise<SigningIdentity> {
  const { openTokenIdentity } = await tokenCode();
  return openTokenIdentity(sources);
}
