import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { SignerError } from "../../errors.ts";
import type { SignerErrorCode } from "../../errors.ts";
import { MAX_CHAIN_LENGTH } from "../../sigv4-x509/constants.ts";
import type { NamedPem } from "../read-source.ts";
import { decodePfx } from "./pfx.ts";
import type { Pfx } from "./pfx.ts";
import type { Password } from "./password-encryption.ts";
import { Pkcs12Problem, loadForge } from "./asn1.ts";

/** What a PKCS#12 file says about its owner. */
export interface Pkcs12Identity {
  /** The certificate of the key, else the one that issued no other. */
  readonly certificate: X509Certificate;
  /** The others on the path from it upwards, the root included if it is there. */
  readonly intermediates: readonly X509Certificate[];
  /** Undefined when there is none. */
  readonly privateKey: KeyObject | undefined;
}

const CONVERT =
  "convert it: openssl pkcs12 -in FILE -nodes -out client.pem (with -legacy if OpenSSL asks for it)";

/**
 * Loads certificate, chain and key of a PKCS#12 file.
 *
 * @param file The file.
 * @param passphrase Its password. @default it has none, or an empty one
 * @throws {SignerError} ERR_SIGNER_PASSWORD_MISSING, ERR_SIGNER_PASSWORD_WRONG; ERR_SIGNER_PKCS12_INVALID for a damaged
 *   file; ERR_SIGNER_PKCS12_UNSUPPORTED for ciphers that are not read here; ERR_SIGNER_KEY_INVALID for several keys;
 *   ERR_SIGNER_CERTIFICATE_INVALID when no certificate is there or it is unclear whose the file is;
 *   ERR_SIGNER_CHAIN_INVALID for more than five intermediates.
 */
export function loadPkcs12(file: NamedPem, passphrase?: string): Pkcs12Identity {
  requireForge(file);
  const pfx = open(file, passphrase);
  const [pkcs8, ...otherKeys] = pfx.keys;
  if (otherKeys.length > 0) {
    throw refusal(
      "ERR_SIGNER_KEY_INVALID",
      file,
      `the PKCS#12 file holds ${pfx.keys.length} private keys; export the one of Roles Anywhere alone`,
    );
  }
  const privateKey = pkcs8 === undefined ? undefined : keyOf(pkcs8, file);
  const certificates = pfx.certificates.map((der) => certificateOf(der, file));
  const certificate = endEntityAmong(certificates, privateKey, file);
  const intermediates = pathFrom(certificate, certificates);
  if (intermediates.length > MAX_CHAIN_LENGTH) {
    throw refusal(
      "ERR_SIGNER_CHAIN_INVALID",
      file,
      `the PKCS#12 file holds ${intermediates.length} certificates above the end-entity certificate, and Roles Anywhere takes at most ${MAX_CHAIN_LENGTH}`,
    );
  }
  return { certificate, intermediates, privateKey };
}

/** The command may have been copied out of its package. */
function requireForge(file: NamedPem): void {
  try {
    loadForge();
  } catch (cause) {
    throw refusal(
      "ERR_SIGNER_PKCS12_UNSUPPORTED",
      file,
      `PKCS#12 needs the package node-forge, which is not installed beside ra-signer; npm install node-forge, or ${CONVERT}`,
      cause,
    );
  }
}

function open(file: NamedPem, passphrase: string | undefined): Pfx {
  const bytes = Buffer.from(file.text, "latin1");
  // Programs differ in what no password is.
  const candidates: readonly Password[] = passphrase ? [passphrase] : ["", null];
  for (const password of candidates) {
    try {
      return decodePfx(bytes, password);
    } catch (error) {
      if (!(error instanceof Pkcs12Problem)) throw error;
      if (error.kind === "unsupported") {
        throw refusal(
          "ERR_SIGNER_PKCS12_UNSUPPORTED",
          file,
          `this PKCS#12 file is of a kind that is not supported: ${error.message}; ${CONVERT}`,
        );
      }
      if (error.kind === "damaged") {
        throw refusal(
          "ERR_SIGNER_PKCS12_INVALID",
          file,
          `could not parse PKCS#12: ${error.message}; is the file complete?`,
        );
      }
    }
  }
  throw passphrase
    ? refusal(
        "ERR_SIGNER_PASSWORD_WRONG",
        file,
        "incorrect PKCS#12 password, or the file is damaged; try: openssl pkcs12 -in FILE -info -noout",
      )
    : refusal(
        "ERR_SIGNER_PASSWORD_MISSING",
        file,
        "the PKCS#12 file has a password; give it (--pkcs8-password-env)",
      );
}

function keyOf(pkcs8: Buffer, file: NamedPem): KeyObject {
  try {
    return createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  } catch {
    // OpenSSL's reason says nothing that helps, and a key's error is better not passed on.
    throw refusal(
      "ERR_SIGNER_KEY_INVALID",
      file,
      "unable to parse private key: the key in the PKCS#12 file is damaged, or of a kind that this Node.js does not know",
    );
  }
}

function certificateOf(der: Buffer, file: NamedPem): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw refusal(
      "ERR_SIGNER_CERTIFICATE_INVALID",
      file,
      "could not parse certificate: one in the PKCS#12 file is damaged",
      cause,
    );
  }
}

function endEntityAmong(
  certificates: readonly X509Certificate[],
  privateKey: KeyObject | undefined,
  file: NamedPem,
): X509Certificate {
  if (certificates.length === 0) {
    throw refusal(
      "ERR_SIGNER_CERTIFICATE_INVALID",
      file,
      "the PKCS#12 file holds no certificate; export the end-entity certificate together with its key",
    );
  }
  const own = certificates.find((one) => privateKey !== undefined && one.checkPrivateKey(privateKey));
  if (own !== undefined) return own;
  const [last, ...others] = certificates.filter(
    (one) => !certificates.some((other) => other !== one && other.checkIssued(one)),
  );
  if (last !== undefined && others.length === 0) return last;
  throw refusal(
    "ERR_SIGNER_CERTIFICATE_INVALID",
    file,
    `the PKCS#12 file holds ${certificates.length} certificates, and none belongs to its key or is below all others; export the end-entity certificate with its key and its issuers only`,
  );
}

function pathFrom(
  leaf: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const rest = new Set(certificates);
  rest.delete(leaf);
  const path: X509Certificate[] = [];
  for (let current: X509Certificate | undefined = leaf; current !== undefined;) {
    const below: X509Certificate = current;
    current = [...rest].find((one) => below.checkIssued(one));
    if (current === undefined) break;
    rest.delete(current);
    path.push(current);
  }
  return path;
}

function refusal(code: SignerErrorCode, file: NamedPem, reason: string, cause?: unknown): SignerError {
  const { name, path } = file;
  return new SignerError(code, `certificate ${name}: ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(path === undefined ? {} : { path }),
  });
}

/** PFX ::= SEQUENCE { version INTEGER (3), … }, its length in any form that BER allows. */
// oxlint-disable-next-line no-control-regex -- these are bytes
const PFX = /^\x30(?:[\x00-\x80]|\x81[^]|\x82[^]{2}|\x83[^]{3}|\x84[^]{4})\x02\x01\x03/;

/**
 * Whether a file is PKCS#12, by its first bytes.
 *
 * @param text The file, one character for each byte (latin1).
 * @see RFC 7292 §4
 */
export function isPkcs12(text: string): boolean {
  return text.startsWith("\u0030") && PFX.test(text.slice(0, 9));
}
