import { KeyObject } from "node:crypto";
import { statSync } from "node:fs";
import type { Stats } from "node:fs";

import { SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { certificateIn, endEntity, isLoaded, loadCertificateChain } from "./certificate.ts";
import type { EndEntityCertificate } from "./certificate.ts";
import { loadPrivateKey, privateKeyIn, requestSignerOf } from "./private-key.ts";
import { isPkcs12, loadPkcs12 } from "./pkcs12/pkcs12.ts";
import { readPem } from "./read-source.ts";
import type { NamedPem, PemSource } from "./read-source.ts";

/** Where the identity of the caller comes from. */
export interface IdentitySources {
  /**
   * End-entity certificate: path, PEM text or bytes. Path or bytes of a PKCS#12 file bring the private key and the
   * intermediates as well, and nothing else may give them then. Or what `loadCertificate` gave.
   */
  readonly certificate: PemSource | EndEntityCertificate;
  /**
   * Its private key: path, PEM text, bytes, a KeyObject, or something that signs (KMS, HSM).
   *
   * @default the key in the same file or text as the certificate
   */
  readonly privateKey?: PemSource | KeyObject | RequestSigner | undefined;
  /** Password of an encrypted key or of a PKCS#12 file. @default the key is plain, the file's password empty */
  readonly passphrase?: string | undefined;
  /**
   * Intermediate certificates between it and the trust anchor, in the order to send them: path, PEM text, bytes, or what
   * `loadCertificateChain` gave.
   *
   * @default none; those of a PKCS#12 file on the path upwards from its end-entity certificate
   */
  readonly intermediates?: PemSource | readonly Uint8Array[] | undefined;
  /** Signs in place of the private key: `signer` of a {@link SigningIdentity}. @default the private key signs */
  readonly signer?: RequestSigner | undefined;
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
 * @param sources Where certificate and key are; an identity that is loaded already is returned as it is.
 * @throws {SignerError} as `loadCertificate`, `loadCertificateChain` and `loadPrivateKey` do; ERR_SIGNER_KEY_INVALID or
 *   ERR_SIGNER_CHAIN_INVALID for a private key or intermediates beside a PKCS#12 file.
 */
export function loadIdentity(sources: IdentitySources): SigningIdentity {
  requireCertificate(sources);
  const { certificate: source, privateKey } = sources;
  const file = isLoaded(source) ? undefined : readPem(source, "certificate");
  if (file !== undefined && isPkcs12(file.text)) return identityInPkcs12(file, sources);
  const certificate = isLoaded(source) ? source : certificateIn(file ?? readPem(source, "certificate"));
  const intermediates = loadCertificateChain(sources.intermediates ?? []);
  const custom = privateKey !== undefined && isRequestSigner(privateKey) ? privateKey : undefined;
  const key = custom === undefined ? privateKeyOf(sources, file) : undefined;
  const signer = custom ?? sources.signer ?? (key === undefined ? undefined : requestSignerOf(key));
  if (signer === undefined) {
    throw new SignerError(
      "ERR_SIGNER_KEY_INVALID",
      `nothing signs for certificate ${certificate.name}, which is loaded already; give its privateKey as well`,
    );
  }
  return { certificate, intermediates, signer, privateKey: key };
}

/**
 * Finds out that there is no certificate at all, before anything is read.
 *
 * @throws {SignerError} ERR_SIGNER_CERTIFICATE_INVALID.
 */
export function requireCertificate({ certificate }: IdentitySources): void {
  if (certificate !== undefined) return;
  throw new SignerError(
    "ERR_SIGNER_CERTIFICATE_INVALID",
    "the option certificate is undefined, and has to be a path, PEM text or bytes; is the variable set that it comes from?",
  );
}

/** Undefined when only something else signs. */
function privateKeyOf(sources: IdentitySources, file: NamedPem | undefined): KeyObject | undefined {
  const { privateKey, passphrase, signer } = sources;
  if (privateKey instanceof KeyObject) return privateKey;
  if (typeof privateKey === "string" || privateKey instanceof Uint8Array) {
    return loadPrivateKey(privateKey, passphrase);
  }
  return signer === undefined && file !== undefined ? privateKeyIn(file, passphrase) : undefined;
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

/**
 * Finds what the service would refuse, before anything is sent: dates of the certificate, and a key that is not its own.
 *
 * @param certificate The end-entity certificate.
 * @param privateKey Its private key; left out when the key is elsewhere (a custom sign function).
 * @param moment Now.
 * @throws {SignerError} ERR_SIGNER_CERTIFICATE_NOT_YET_VALID, ERR_SIGNER_CERTIFICATE_EXPIRED or
 *   ERR_SIGNER_KEY_MISMATCH.
 */
export function checkIdentity(
  certificate: EndEntityCertificate,
  privateKey: KeyObject | undefined,
  moment: Date,
): void {
  const { x509, name } = certificate;
  if (moment < x509.validFromDate) {
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_NOT_YET_VALID",
      `certificate ${name} is valid only from ${isoSeconds(x509.validFromDate)} and it is ${isoSeconds(moment)} here; check this machine's clock`,
    );
  }
  if (moment > x509.validToDate) {
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_EXPIRED",
      `certificate ${name} expired at ${isoSeconds(x509.validToDate)} and it is ${isoSeconds(moment)} here; issue a new one, or set this machine's clock right`,
    );
  }
  if (privateKey !== undefined && !x509.checkPrivateKey(privateKey)) {
    throw new SignerError(
      "ERR_SIGNER_KEY_MISMATCH",
      `the private key does not belong to certificate ${name}; give the key that the certificate was issued for`,
    );
  }
}

/** A moment as RFC 3339 with whole seconds. */
export function isoSeconds(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}

const DAY_MS = 86_400_000;
/** How long before its end a certificate is worth a word; less for one that lives shorter than six weeks. */
const NOTICE_DAYS = 14;

/**
 * What is not wrong yet: a key file that others may read, and a certificate in the last third of its life, two weeks at
 * most before its end.
 *
 * @param certificate The end-entity certificate.
 * @param keyPath File of its key, if it is one.
 * @param moment Now.
 */
export function identityWarnings(
  certificate: EndEntityCertificate,
  keyPath: string | undefined,
  moment: Date,
): readonly string[] {
  const warnings: string[] = [];
  const exposure = keyPath === undefined ? undefined : exposureOf(keyPath);
  if (exposure !== undefined) {
    warnings.push(`private key "${keyPath}" has mode ${exposure.mode}; make it private: ${exposure.remedy}`);
  }
  const { validFromDate, validToDate } = certificate.x509;
  const lifeMs = validToDate.getTime() - validFromDate.getTime();
  const leftMs = validToDate.getTime() - moment.getTime();
  if (leftMs < Math.min(NOTICE_DAYS * DAY_MS, lifeMs / 3)) {
    warnings.push(
      `certificate ${certificate.name} expires at ${isoSeconds(validToDate)}; issue a new one soon`,
    );
  }
  return warnings;
}

/** Who else may read a file that holds a secret. */
export interface Exposure {
  /** For example `0644`. */
  readonly mode: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Whether others than this process's user and, for a file that may only be read, its groups can read a file. A Secret that
 * Kubernetes mounts for a group (`fsGroup`) has mode 0440 and belongs to root.
 *
 * @param file Path, or what `stat` says about it.
 * @returns Undefined when the file is private, or not there.
 */
export function exposureOf(file: string | Stats): Exposure | undefined {
  if (process.platform === "win32") return undefined;
  const stats = typeof file === "string" ? statSync(file, { throwIfNoEntry: false }) : file;
  if (stats === undefined) return undefined;
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) === 0) return undefined;
  const ownGroups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  if (mode === 0o440 && ownGroups.includes(stats.gid)) return undefined;
  const mayBeMounted = (mode & 0o222) === 0 || stats.uid !== process.geteuid?.();
  return {
    mode: mode.toString(8).padStart(4, "0"),
    remedy: `chmod 600${mayBeMounted ? "; for a Secret of Kubernetes set defaultMode: 0440, and fsGroup to a group of this process" : ""}`,
  };
}
