import { KeyObject } from "node:crypto";
import { statSync } from "node:fs";
import type { Stats } from "node:fs";

import { SignerError } from "../errors.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { certificateIn, endEntity, isLoaded, loadCertificateChain } from "./certificate.ts";
import type { EndEntityCertificate } from "./certificate.ts";
import { loadPrivateKey, privateKeyIn, requestSignerOf } from "./private-key.ts";
import { isPkcs12, loadPkcs12 } from "./pkcs12/pkcs12.ts";
import { customSigner, noCertificate } from "./refused-option.ts";
import { holdsPem, readPem, refusal } from "./pem.ts";
import type { NamedPem, PemSource } from "./pem.ts";

/** Where the identity of the caller comes from. */
export interface IdentitySources {
  /**
   * End-entity certificate: path, PEM text or bytes. Path or bytes of a PKCS#12 file bring the private key and the
   * intermediates as well, and nothing else may give them then. Or what `loadCertificate` gave. Or the `pkcs11:` URI of a
   * certificate in a token, where functions that return a promise are given it.
   */
  readonly certificate: PemSource | EndEntityCertificate;
  /**
   * Its private key: path, PEM text, bytes, a KeyObject, the `pkcs11:` URI of a key in a token, or something else that signs
   * (a KMS).
   *
   * @default the key in the same file, text or token as the certificate
   */
  readonly privateKey?: PemSource | KeyObject | RequestSigner | undefined;
  /**
   * Password of an encrypted key or of a PKCS#12 file, or the PIN of the token, unless its URI says where that is.
   *
   * @default the key is plain, the file's password empty, the token shows everything without a login
   */
  readonly passphrase?: string | undefined;
  /**
   * Intermediate certificates between it and the trust anchor, in the order to send them: path, PEM text, bytes, or what
   * `loadCertificateChain` gave.
   *
   * @default none; those of a PKCS#12 file on the path upwards from its end-entity certificate
   */
  readonly intermediates?: PemSource | readonly Uint8Array[] | undefined;
  /** How `pkcs11:` URIs are read. */
  readonly pkcs11?: TokenOptions | undefined;
  /** Signs in place of the private key: `signer` of a {@link SigningIdentity}. @default the private key signs */
  readonly signer?: RequestSigner | undefined;
}

/** How keys and certificates in PKCS#11 tokens are found and used. Needs the package pkcs11js. */
export interface TokenOptions {
  /**
   * Path of the library that the token's vendor gives.
   *
   * @default `module-path` of the URI, else `p11-kit-proxy.so`, which knows every library that is set up for p11-kit
   */
  readonly library?: string | undefined;
  /** Say the token's PIN again for each signature of a key that wants that (CKA_ALWAYS_AUTHENTICATE). @default false */
  readonly reusePin?: boolean | undefined;
  /** Never log in. @default false: a login, when the token wants one */
  readonly withoutPin?: boolean | undefined;
  /** Ask the person at the terminal for a PIN that is not given. @default false */
  readonly ask?: boolean | undefined;
  /** Of the certificates that the URI fits, those that count; also the text of --cert-selector. @default all */
  readonly selector?: CertificateSelector | string | undefined;
  /** Of several such certificates, take the one that ends last. @default false: they are an error */
  readonly latest?: boolean | undefined;
}

/** What a certificate has to be: names as RFC 2253 writes them (`CN=client,O=Example`), the serial number in hexadecimal. */
export type CertificateSelector = Readonly<
  Partial<Record<"x509Subject" | "x509Issuer" | "x509Serial", string>>
>;

/** A certificate, its chain, and what signs for it. */
export interface SigningIdentity {
  readonly certificate: EndEntityCertificate;
  /** DER of each intermediate. */
  readonly intermediates: readonly Uint8Array[];
  readonly signer: RequestSigner;
  /** Undefined when the key is elsewhere. */
  readonly privateKey: KeyObject | undefined;
  /** A token's key signs with another hash than that of requests: RSA with PKCS#1 v1.5, EC in DER. */
  readonly signWith?: (message: Uint8Array, digest: "SHA256" | "SHA384" | "SHA512") => Promise<Uint8Array>;
  /** What is not wrong yet about a PIN: others may read it. */
  readonly warnings?: readonly string[];
}

/**
 * Loads a signing identity without judging it: an expired certificate or a key of another one loads as well. See
 * `checkIdentity`.
 *
 * @param sources Where certificate and key are; an identity that is loaded already is returned as it is.
 * @throws {SignerError} as `loadCertificate`, `loadCertificateChain` and `loadPrivateKey` do; ERR_SIGNER_KEY_INVALID or
 *   ERR_SIGNER_CHAIN_INVALID for a private key or intermediates beside a PKCS#12 file; ERR_SIGNER_KEY_INVALID for a private
 *   key that is nothing of what it may be.
 */
export function loadIdentity(sources: IdentitySources): SigningIdentity {
  requireCertificate(sources);
  const identity = readIdentity(sources);
  const { certificate, privateKey } = identity;
  if (privateKey === undefined || certificate.x509.checkPrivateKey(privateKey)) return identity;
  try {
    // Both files may have been replaced after the certificate was read, as `ra-pki renew --new-key` does.
    return areFiles(sources) ? readIdentity(sources) : identity;
  } catch {
    // Whoever asked finds that the two do not belong together.
    return identity;
  }
}

/** Whether all that is read can be read again: a pipe gives its contents once. */
function areFiles({ certificate, privateKey, intermediates }: IdentitySources): boolean {
  const paths = [certificate, privateKey, intermediates].filter(
    (source): source is string => typeof source === "string" && !holdsPem(source),
  );
  return paths.length > 0 && paths.every((path) => statSync(path).isFile());
}

function readIdentity(sources: IdentitySources): SigningIdentity {
  if (isLoaded(sources.certificate)) return identityOf(sources.certificate, undefined, sources);
  const file = readPem(sources.certificate, "certificate");
  return isPkcs12(file.text)
    ? identityInPkcs12(file, sources)
    : identityOf(certificateIn(file), file, sources);
}

/** Refuses to go on without any certificate (ERR_SIGNER_CERTIFICATE_INVALID), before anything is read. */
export function requireCertificate({ certificate }: IdentitySources): void {
  if (certificate !== undefined) return;
  throw noCertificate();
}

function identityOf(
  certificate: EndEntityCertificate,
  file: NamedPem | undefined,
  sources: IdentitySources,
): SigningIdentity {
  const { privateKey, passphrase } = sources;
  const intermediates = loadCertificateChain(sources.intermediates ?? []);
  let { signer } = sources;
  let key: KeyObject | undefined;
  if (privateKey instanceof KeyObject) key = privateKey;
  else if (typeof privateKey === "string" || privateKey instanceof Uint8Array) {
    key = loadPrivateKey(privateKey, passphrase);
  } else if (privateKey !== undefined) signer = customSigner(privateKey);
  else if (signer === undefined && file !== undefined) key = privateKeyIn(file, passphrase);
  if (key !== undefined) signer ??= requestSignerOf(key);
  if (signer !== undefined) return { certificate, intermediates, signer, privateKey: key };
  throw new SignerError(
    "ERR_SIGNER_KEY_INVALID",
    `nothing signs for certificate ${certificate.name}, which is loaded already; give its privateKey as well`,
  );
}

function identityInPkcs12(file: NamedPem, sources: IdentitySources): SigningIdentity {
  const own = "it is a PKCS#12 file, which brings its own";
  if (sources.privateKey !== undefined) {
    const reason = `${own} private key; leave --private-key (privateKey) out`;
    throw refusal("ERR_SIGNER_KEY_INVALID", "certificate", file, reason);
  }
  if (sources.intermediates !== undefined) {
    const reason = `${own} intermediates; leave --intermediates out`;
    throw refusal("ERR_SIGNER_CHAIN_INVALID", "certificate", file, reason);
  }
  const { certificate, intermediates, privateKey } = loadPkcs12(file, sources.passphrase);
  if (privateKey === undefined) {
    const reason = "the PKCS#12 file holds certificates only; export it together with its key";
    throw refusal("ERR_SIGNER_KEY_INVALID", "private key", file, reason);
  }
  return {
    certificate: endEntity(certificate, file.name),
    intermediates: intermediates.map(({ raw }) => raw),
    signer: requestSignerOf(privateKey),
    privateKey,
  };
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

/**
 * What is not wrong yet: a key file that others may read, and a certificate in the last third of its life, two weeks at
 * most before its end.
 */
export function identityWarnings(
  { name, x509 }: EndEntityCertificate,
  keyPath: string | undefined,
  moment: Date,
): readonly string[] {
  const warnings: string[] = [];
  const exposure = keyPath === undefined ? undefined : exposureOf(keyPath);
  if (exposure !== undefined) {
    warnings.push(`private key "${keyPath}" has mode ${exposure.mode}; make it private: ${exposure.remedy}`);
  }
  const lifeMs = x509.validToDate.getTime() - x509.validFromDate.getTime();
  const leftMs = x509.validToDate.getTime() - moment.getTime();
  if (leftMs < Math.min(14 * DAY_MS, lifeMs / 3)) {
    warnings.push(`certificate ${name} expires at ${isoSeconds(x509.validToDate)}; issue a new one soon`);
  }
  return warnings;
}

/** That others may read a file that holds a secret: its mode, for example `0644`, and what to do about it. */
export type Exposure = Readonly<Record<"mode" | "remedy", string>>;

/**
 * Finds whether others than this process's user and, for a file that may only be read, its groups can read a file, by its path
 * or what `stat` says. A Secret that Kubernetes mounts for a group (`fsGroup`) has mode 0440 and belongs to root.
 */
export function exposureOf(file: string | Stats): Exposure | undefined {
  if (process.platform === "win32") return undefined;
  const stats = typeof file === "string" ? statSync(file, { throwIfNoEntry: false }) : file;
  if (stats === undefined) return undefined;
  const mode = stats.mode & 0o777;
  const ownGroups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  if ((mode & 0o077) === 0 || (mode === 0o440 && ownGroups.includes(stats.gid))) return undefined;
  const mayBeMounted = (mode & 0o222) === 0 || stats.uid !== process.geteuid?.();
  return {
    mode: mode.toString(8).padStart(4, "0"),
    remedy: `chmod 600${mayBeMounted ? "; for a Secret of Kubernetes set defaultMode: 0440, and fsGroup to a group of this process" : ""}`,
  };
}
