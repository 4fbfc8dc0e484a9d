import type { KeyObject } from "node:crypto";
import { dottedOid, fromDer, items } from "../der/decode.ts";
import { PkiError } from "../errors.ts";
import { KEY_TYPES } from "./key-type.ts";
import type { KeyType } from "./key-type.ts";

const CURVES: ReadonlyMap<string | undefined, KeyType> = new Map([
  ["prime256v1", "ec-p256"],
  ["secp384r1", "ec-p384"],
  ["secp521r1", "ec-p521"],
]);

/**
 * The kind of a key.
 *
 * @returns undefined for a key that this library does not use, of 1024 bits or on another curve for example
 */
export function keyTypeOf(key: KeyObject): KeyType | undefined {
  const { asymmetricKeyType: algorithm, asymmetricKeyDetails: details } = key;
  if (algorithm === "ec") return CURVES.get(details?.namedCurve);
  const name = algorithm === "rsa" ? `rsa-${details?.modulusLength}` : algorithm;
  return KEY_TYPES.find((keyType) => keyType === name);
}

/** The kind of any key, for messages: `rsa-1024`, `secp256k1`, `ed25519`. */
export function describeKey(key: KeyObject): string {
  const { asymmetricKeyType: algorithm, asymmetricKeyDetails: details } = key;
  if (algorithm === "rsa") return `rsa-${details?.modulusLength}`;
  return keyTypeOf(key) ?? details?.namedCurve ?? algorithm ?? "unknown";
}

/**
 * The kind of a key that a certificate is asked for.
 *
 * @throws {PkiError} ERR_PKI_KEY_UNSUPPORTED for a short RSA key or one of a small exponent, another curve or one that is not
 *   named, or another algorithm.
 */
export function supportedKeyType(publicKey: KeyObject): KeyType {
  const keyType = keyTypeOf(publicKey);
  if (keyType === undefined) {
    throw new PkiError(
      "ERR_PKI_KEY_UNSUPPORTED",
      `the key is of the type ${describeKey(publicKey)}; use RSA with 2048, 3072 or 4096 bits, EC P-256, P-384 or P-521, or ML-DSA`,
    );
  }
  const weakness = weaknessOf(publicKey);
  if (weakness !== undefined) throw new PkiError("ERR_PKI_KEY_UNSUPPORTED", `the key ${weakness}`);
  return keyType;
}

/**
 * Why a public key protects nothing, or is not what its curve's name says; it continues "the key". Anyone can sign for the
 * exponent 1, and small ones have a history of forgeries.
 *
 * @returns undefined for a key without these faults
 * @see FIPS 186-5 §5.1 (RSA), RFC 5480 §2.1.1 (named curves only)
 */
export function weaknessOf(publicKey: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  switch (publicKey.asymmetricKeyType) {
    case "rsa":
      if (modulusLength < 2048) return `is of the type rsa-${modulusLength}; use RSA with 2048 bits or more`;
      if (publicExponent < 65_537n || publicExponent % 2n === 0n) {
        return `has the public exponent ${publicExponent}; use 65537`;
      }
      return undefined;
    case "ec": {
      const [algorithm] = items(fromDer(toSpki(publicKey)));
      const [, parameters] = items(algorithm);
      return parameters?.constructed === false && dottedOid(parameters) !== ""
        ? undefined
        : "spells out the parameters of its curve; make one that names its curve";
    }
    default:
      return undefined;
  }
}

/** The unencrypted PKCS#8 PEM (`BEGIN PRIVATE KEY`) of a private key. */
export function toPkcs8Pem(privateKey: KeyObject): string {
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The DER of SubjectPublicKeyInfo. */
export function toSpki(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: "spki", format: "der" });
}
