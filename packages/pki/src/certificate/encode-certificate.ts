import { fromDer } from "../der/decode.ts";
import { bitString, explicit, integer, sequence, time, toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { algorithmIdentifier } from "../keys/signature-algorithm.ts";
import type { SignatureAlgorithm } from "../keys/signature-algorithm.ts";
import { writePem } from "../pem.ts";
import type { CertificateDescription } from "./description.ts";
import { encodeExtensions } from "./extensions.ts";

/** Signs octets with the key of an issuer; returns the signature as X.509 holds it (ECDSA: DER). */
export type SignOctets = (octets: Uint8Array, algorithm: SignatureAlgorithm) => Promise<Uint8Array>;

/**
 * The DER of TBSCertificate, version 3: what the issuer signs.
 *
 * It is built from ASN.1 values of node-forge, not with its certificate class: that class takes RSA keys only, and encodes
 * the issuer's name anew, which must have the same octets as in the CA certificate.
 *
 * @see RFC 5280 §4.1
 */
export function encodeToBeSigned(description: CertificateDescription, algorithm: SignatureAlgorithm): Buffer {
  return toDer(
    sequence(
      explicit(0, integer(Buffer.of(2))), // version 3
      integer(description.serialNumber),
      algorithmIdentifier(algorithm),
      fromDer(description.issuer),
      sequence(time(description.notBefore), time(description.notAfter)),
      fromDer(description.subject),
      fromDer(description.publicKey),
      explicit(3, sequence(...encodeExtensions(description.extensions))),
    ),
  );
}

/** Assembles a certificate, has it signed, and returns its PEM. */
export async function signCertificate(
  description: CertificateDescription,
  algorithm: SignatureAlgorithm,
  sign: SignOctets,
): Promise<string> {
  return writePem("CERTIFICATE", await signed(encodeToBeSigned(description, algorithm), algorithm, sign));
}

/** `SEQUENCE { content, signatureAlgorithm, signature }`: the form of certificates, requests and CRLs. */
export async function signed(
  content: Buffer,
  algorithm: SignatureAlgorithm,
  sign: SignOctets,
): Promise<Buffer> {
  const signature: Asn1 = bitString(await sign(content, algorithm));
  return toDer(sequence(fromDer(content), algorithmIdentifier(algorithm), signature));
}
