import { X509Certificate } from "node:crypto";

import { messageOf } from "../errors.ts";
import type { SignerError } from "../errors.ts";
import { MAX_CHAIN_LENGTH } from "../sigv4-x509/constants.ts";
import { pemBlocks, readPem, refusal } from "./pem.ts";
import type { NamedPem, PemBlock, PemSource } from "./pem.ts";
import { isPkcs12, loadPkcs12 } from "./pkcs12/pkcs12.ts";

/** The end-entity certificate in the forms that the protocol needs. */
export interface EndEntityCertificate {
  readonly x509: X509Certificate;
  /** DER bytes. */
  readonly der: Uint8Array;
  /** Serial number in decimal, as the Authorization header wants it. */
  readonly serialNumber: string;
  /** How messages call it: its quoted path, or how it was given. */
  readonly name: string;
}

/**
 * Loads the first certificate of a PEM file or text, or the end-entity certificate of a PKCS#12 file.
 *
 * @param source Path, PEM text or bytes; what is loaded already is returned as it is.
 * @param passphrase Of a PKCS#12 file. @default it has none
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE, or ERR_SIGNER_CERTIFICATE_INVALID when there is no certificate in it;
 *   for PKCS#12 also ERR_SIGNER_PASSWORD_MISSING, ERR_SIGNER_PASSWORD_WRONG, ERR_SIGNER_PKCS12_INVALID,
 *   ERR_SIGNER_PKCS12_UNSUPPORTED and ERR_SIGNER_KEY_INVALID.
 */
export function loadCertificate(
  source: PemSource | EndEntityCertificate,
  passphrase?: string,
): EndEntityCertificate {
  if (isLoaded(source)) return source;
  const file = readPem(source, "certificate");
  return isPkcs12(file.text)
    ? endEntity(loadPkcs12(file, passphrase).certificate, file.name)
    : certificateIn(file);
}

/** Whether a certificate is one that `loadCertificate` gave. */
export function isLoaded(source: PemSource | EndEntityCertificate): source is EndEntityCertificate {
  return typeof source === "object" && "x509" in source;
}

/** The first certificate of a PEM file that was read before. */
export function certificateIn(pem: NamedPem): EndEntityCertificate {
  const block = pemBlocks(pem.text).find(({ label }) => label === "CERTIFICATE");
  if (block !== undefined) return endEntity(parse(block, pem, "certificate"), pem.name);
  throw invalid(
    "certificate",
    pem,
    "could not parse PEM data: it holds no CERTIFICATE block; give the end-entity certificate in PEM form, or a PKCS#12 file",
  );
}

/** A certificate in the forms that the protocol needs. */
export function endEntity(x509: X509Certificate, name: string): EndEntityCertificate {
  return { x509, der: x509.raw, serialNumber: decimalSerialNumber(x509.serialNumber), name };
}

/**
 * Loads intermediate certificates in file order; nothing is sorted or dropped.
 *
 * @param source Path, PEM text or bytes; what is loaded already is returned as it is. An empty file gives an empty chain.
 * @returns DER bytes of each certificate.
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE, or ERR_SIGNER_CHAIN_INVALID when there is another kind of block in
 *   it or more than five certificates.
 */
export function loadCertificateChain(source: PemSource | readonly Uint8Array[]): readonly Uint8Array[] {
  if (typeof source !== "string" && !(source instanceof Uint8Array)) return source;
  const pem = readPem(source, "intermediates");
  const blocks = pemBlocks(pem.text);
  const problem = problemOfChain(blocks, pem.text);
  if (problem !== undefined) throw invalid("intermediates", pem, problem);
  return blocks.map((block) => parse(block, pem, "intermediates").raw);
}

function problemOfChain(blocks: readonly PemBlock[], text: string): string | undefined {
  const other = blocks.find(({ label }) => label !== "CERTIFICATE");
  if (other !== undefined)
    return `invalid certificate chain: a ${other.label} block stands among the intermediates; keep only CERTIFICATE blocks`;
  if (blocks.length === 0 && text.trim() !== "")
    return "could not parse PEM data: it holds no CERTIFICATE block; give the intermediates in PEM form";
  if (blocks.length > MAX_CHAIN_LENGTH)
    return `it holds ${blocks.length} certificates and Roles Anywhere takes at most ${MAX_CHAIN_LENGTH}; remove those that are not on the path to the trust anchor`;
  return undefined;
}

/** A serial number as X509Certificate shows it, such as `936EACBE07F201DF`, in decimal; a leading minus is kept. */
export function decimalSerialNumber(hex: string): string {
  return hex.startsWith("-") ? `-${BigInt(`0x${hex.slice(1)}`)}` : BigInt(`0x${hex}`).toString();
}

function parse(block: PemBlock, pem: NamedPem, what: "certificate" | "intermediates"): X509Certificate {
  try {
    return new X509Certificate(block.text);
  } catch (cause) {
    const reason = `could not parse certificate: ${messageOf(cause)}; is the file complete?`;
    throw invalid(what, pem, reason, cause);
  }
}

function invalid(
  what: "certificate" | "intermediates",
  pem: NamedPem,
  reason: string,
  cause?: unknown,
): SignerError {
  const code = what === "certificate" ? "ERR_SIGNER_CERTIFICATE_INVALID" : "ERR_SIGNER_CHAIN_INVALID";
  return refusal(code, what, pem, reason, cause);
}
