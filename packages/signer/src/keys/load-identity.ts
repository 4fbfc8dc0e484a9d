import { KeyObject } from "node:crypto";

import { SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { certificateIn, endEntity, loadCertificateChain } from "./load-certificate.ts";
import type { EndEntityCertificate } from "./load-certificate.ts";
import { loadPrivateKey, privateKeyIn } from "./load-private-key.ts";
import { isPkcs12 } from "./pkcs12/is-pkcs12.ts";
import { loadPkcs12 } from "./pkcs12/load-pkcs12.ts";
import { readPem } from "./read-source.ts";
import type { NamedPem, PemSource } from "./read-source.ts";
import { requestSignerOf } from "./request-signer.ts";

/** Where the identity of the caller comes from. */
export interface IdentitySources {
  /**
   * End-entity certificate: path, PEM text or bytes. Path or bytes of a PKCS#12 file bring the private key and the
   * intermediates as well, and nothing else may give them then.
   */
  readonly certificate: PemSource;
  /**
   * Its private key: path, PEM text, bytes, a KeyObject, or something that signs (KMS, HSM).
   *
   * @default the key in the same file or text as the certificate
   */
  readonly privateKey?: PemSource | KeyObject | RequestSigner;
  /** Password of an encrypted key or of a PKCS#12 file. @default the key is plain, the file's password empty */
  readonly passphrase?: string;
  /**
   * Intermediate certificates between it and the trust anchor, in the order to send them.
   *
   * @default none; those of a PKCS#12 file on the path upwards from its end-entity certificate
   */
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
 * @throws {SignerError} as `loadCertificate`, `loadCertificateChain` and `loadPrivateKey` do; ERR_SIGNER_KEY_INVALID or
 *   ERR_SIGNER_CHAIN_INVALID for a private key or intermediates beside a PKCS#12 file.
 */
export function loadIdentity(sources: IdentitySources): SigningIdentity {
  const file = readPem(sources.certificate, "certificate");
  if (isPkcs12(file.text)) return identityInPkcs12(file, sources);
  const certificate = certificateIn(file);
  const intermediates =
    sources.intermediates === undefined ? [] : loadCertificateChain(sources.intermediates);
  const { privateKey, passphrase } = sources;
  if (privateKey !== undefined && isRequestSigner(privateKey)) {
    return { certificate, intermediates, signer: privateKey, privateKey: undefined };
  }
  const key =
    privateKey === undefined
      ? privateKeyIn(file, passphrase)
      : privateKey instanceof KeyObject
        ? privateKey
        : loadPrivateKey(privateKey, passphrase);
  return { certificate, intermediates, signer: requestSignerOf(key), privateKey: key };
}

function identityInPkcs12(file: NamedPem, sources: IdentitySources): SigningIdentity {
  const refuse = (code: SignerErrorCode, what: string): SignerError =>
    new SignerError(code, `certificate ${file.name}: it is a PKCS#12 file, which brings its own ${what}`);
  if (sources.privateKey !== undefined) {
    throw refuse("ERR_SIGNER_KEY_INVALID", "private key; leave --private-key (privateKey) out");
  }
  if (sources.intermediates !== undefined) {
    throw refuse("ERR_SIGNER_CHAIN_INVALID", "intermediates; leave --intermediates out");
  }
  const { certificate, intermediates, privateKey } = loadPkcs12(file, sources.passphrase);
  if (privateKey === undefined) {
    throw new SignerError(
      "ERR_SIGNER_KEY_INVALID",
      `private key ${file.name}: the PKCS#12 file holds certificates only; export it together with its key`,
      file.path === undefined ? {} : { path: file.path },
    );
  }
  return {
    certificate: endEntity(certificate, file.name),
    intermediates: intermediates.map(({ raw }) => raw),
    signer: requestSignerOf(privateKey),
    privateKey,
  };
}

function isRequestSigner(value: PemSource | KeyObject | RequestSigner): value is RequestSigner {
  return typeof value === "object" && "sign" in value && typeof value.sign === "function";
}
