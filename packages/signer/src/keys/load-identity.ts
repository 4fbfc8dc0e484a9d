import { KeyObject } from "node:crypto";

import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { loadCertificate, loadCertificateChain } from "./load-certificate.ts";
import type { EndEntityCertificate } from "./load-certificate.ts";
import { loadPrivateKey } from "./load-private-key.ts";
import type { PemSource } from "./read-source.ts";
import { requestSignerOf } from "./request-signer.ts";

/** Where the identity of the caller comes from. */
export interface IdentitySources {
  /** End-entity certificate: path, PEM text or bytes. */
  readonly certificate: PemSource;
  /**
   * Its private key: path, PEM text, bytes, a KeyObject, or something that signs (KMS, HSM).
   *
   * @default the key in the same file or text as the certificate
   */
  readonly privateKey?: PemSource | KeyObject | RequestSigner;
  /** Password of an encrypted key. @default the key is plain */
  readonly passphrase?: string;
  /** Intermediate certificates between it and the trust anchor, in the order to send them. @default none */
  readonly intermediates?: PemSource;
}

/** A certificate, its chain, and what signs for it. */
export interface SigningIdentity {
  readonly certificate: EndEntityCertificate;
  /** DER of each intermediate. */
  readonly intermediates: readonly Uint8Array[];
  readonly signer: RequestSigner;
  /** Undefined when the key is elsewhere. */
  readonly privateKey: KeyObject | undefined;
}

/**
 * Loads a signing identity without judging it: an expired certificate or a key of another one loads as well. See
 * `checkIdentity`.
 *
 * @throws {SignerError} as `loadCertificate`, `loadCertificateChain` and `loadPrivateKey` do.
 */
export function loadIdentity(sources: IdentitySources): SigningIdentity {
  const { privateKey = sources.certificate } = sources;
  const certificate = loadCertificate(sources.certificate);
  const intermediates =
    sources.intermediates === undefined ? [] : loadCertificateChain(sources.intermediates);
  if (isRequestSigner(privateKey)) {
    return { certificate, intermediates, signer: privateKey, privateKey: undefined };
  }
  const key = privateKey instanceof KeyObject ? privateKey : loadPrivateKey(privateKey, sources.passphrase);
  return { certificate, intermediates, signer: requestSignerOf(key), privateKey: key };
}

function isRequestSigner(value: PemSource | KeyObject | RequestSigner): value is RequestSigner {
  return typeof value === "object" && "sign" in value && typeof value.sign === "function";
}
