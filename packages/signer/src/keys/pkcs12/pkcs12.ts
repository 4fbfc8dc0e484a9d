import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

import { SignerError } from "../../errors.ts";
import type { SignerErrorCode } from "../../errors.ts";
import { MAX_CHAIN_LENGTH } from "../../sigv4-x509/constants.ts";
import { refusal } from "../pem.ts";
import type { NamedPem } from "../pem.ts";
import { loadForge } from "./asn1.ts";
import { decodePfx } from "./pfx.ts";
import type { Pfx } from "./pfx.ts";

/** What a PKCS#12 file says about its owner: the end-entity certificate, and those on the path upwards from it. */
export interface Pkcs12Identity {
  readonly certificate: X509Certificate;
  readonly intermediates: readonly X509Certificate[];
  readonly privateKey: KeyObject | undefined;
}

const CONVERT =
  "convert it: openssl pkcs12 -in FILE -nodes -out client.pem (with -legacy if OpenSSL asks for it)";

type Refuse = (code: SignerErrorCode, reason: string, cause?: unknown) => SignerError;

/**
 * Loads certificate, chain and key of a PKCS#12 file.
 *
 * @param passphrase Its password. @default it has none, or an empty one
 * @throws {SignerError} ERR_SIGNER_PASSWORD_MISSING, ERR_SIGNER_PASSWORD_WRONG; ERR_SIGNER_PKCS12_INVALID for a damaged
 *   file; ERR_SIGNER_PKCS12_UNSUPPORTED for ciphers that are not read here; ERR_SIGNER_KEY_INVALID for several keys;
 *   ERR_SIGNER_CERTIFICATE_INVALID when no certificate is there or it is unclear whose the file is;
 *   ERR_SIGNER_CHAIN_INVALID for more than five intermediates.
 */
export function loadPkcs12(file: NamedPem, passphrase?: string): Pkcs12Identity {
  const refuse: Refuse = (code, reason, cause) => refusal(code, "certificate", file, reason, cause);
  const { keys, certificates: encoded } = open(file, passphrase, refuse);
  if (keys.length > 1) {
    throw refuse(
      "ERR_SIGNER_KEY_INVALID",
      `the PKCS#12 file holds ${keys.length} private keys; export the one of Roles Anywhere alone`,
    );
  }
  const [privateKey] = keys.map((pkcs8) => keyOf(pkcs8, refuse));
  const certificates = encoded.map((der) => certificateOf(der, refuse));
  const certificate = endEntityAmong(certificates, privateKey);
  if (certificate === undefined) {
    throw refuse(
      "ERR_SIGNER_CERTIFICATE_INVALID",
      certificates.length === 0
        ? "the PKCS#12 file holds no certificate; export the end-entity certificate together with its key"
        : `the PKCS#12 file holds ${certificates.length} certificates, and none belongs to its key or is below all others; export the end-entity certificate with its key and its issuers only`,
    );
  }
  // Each one is followed by its issuer.
  const path = [certificate];
  for (const below of path) {
    const issuer = certificates.find((one) => !path.includes(one) && below.checkIssued(one));
    if (issuer !== undefined) path.push(issuer);
  }
  const [, ...intermediates] = path;
  if (intermediates.length > MAX_CHAIN_LENGTH) {
    throw refuse(
      "ERR_SIGNER_CHAIN_INVALID",
      `the PKCS#12 file holds ${intermediates.length} certificates above the end-entity certificate, and Roles Anywhere takes at most ${MAX_CHAIN_LENGTH}`,
    );
  }
  return { certificate, intermediates, privateKey };
}

function open(file: NamedPem, passphrase: string | undefined, refuse: Refuse): Pfx {
  try {
    loadForge();
  } catch (cause) {
    // The command may have been copied out of its package.
    const reason = `PKCS#12 needs the package node-forge, which is not installed beside ra-signer; npm install node-forge, or ${CONVERT}`;
    throw refuse("ERR_SIGNER_PKCS12_UNSUPPORTED", reason, cause);
  }
  // Programs differ in what no password is.
  for (const password of passphrase ? [passphrase] : ["", null]) {
    try {
      return decodePfx(Buffer.from(file.text, "latin1"), password);
    } catch (error) {
      if (!(error instanceof SignerError)) throw error;
      const { code, message } = error;
      if (code === "ERR_SIGNER_PKCS12_INVALID") {
        throw refuse(code, `could not parse PKCS#12: ${message}; is the file complete?`);
      }
      if (code === "ERR_SIGNER_PKCS12_UNSUPPORTED") {
        throw refuse(code, `this PKCS#12 file is of a kind that is not supported: ${message}; ${CONVERT}`);
      }
    }
  }
  throw passphrase
    ? refuse(
        "ERR_SIGNER_PASSWORD_WRONG",
        "incorrect PKCS#12 password, or the file is damaged; try: openssl pkcs12 -in FILE -info -noout",
      )
    : refuse(
        "ERR_SIGNER_PASSWORD_MISSING",
        "the PKCS#12 file has a password; give it (--pkcs8-password-env)",
      );
}

function keyOf(key: Buffer, refuse: Refuse): KeyObject {
  try {
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } catch {
    // OpenSSL's reason says nothing that helps, and a key's error is better not passed on.
    const reason =
      "unable to parse private key: the key in the PKCS#12 file is damaged, or of a kind that this Node.js does not know";
    throw refuse("ERR_SIGNER_KEY_INVALID", reason);
  }
}

function certificateOf(der: Buffer, refuse: Refuse): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    const reason = "could not parse certificate: one in the PKCS#12 file is damaged";
    throw refuse("ERR_SIGNER_CERTIFICATE_INVALID", reason, cause);
  }
}

/** The certificate of the key, else the only one that issued no other. */
function endEntityAmong(
  certificates: readonly X509Certificate[],
  privateKey: KeyObject | undefined,
): X509Certificate | undefined {
  const own = certificates.find((one) => privateKey !== undefined && one.checkPrivateKey(privateKey));
  if (own !== undefined) return own;
  const lowest = certificates.filter(
    (one) => !certificates.some((other) => other !== one && other.checkIssued(one)),
  );
  return lowest.length === 1 ? lowest[0] : undefined;
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
