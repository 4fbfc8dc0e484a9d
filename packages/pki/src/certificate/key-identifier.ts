import { createHash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { toSpki } from "../keys/key-pair.ts";
import { bits, fromDer, items } from "../der/decode.ts";

/**
 * The identifier of a public key: SHA-1 of the bits of subjectPublicKey. SHA-1 only names the key here; no security
 * depends on it.
 *
 * @see RFC 5280 §4.2.1.2, method 1
 */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const [, subjectPublicKey] = items(fromDer(toSpki(publicKey)));
  return createHash("sha1").update(bits(subjectPublicKey)).digest();
}
