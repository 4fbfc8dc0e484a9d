import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  pbkdf2Sync,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import {
  bmpString,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  toDer,
} from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { readPem } from "../pem.ts";

export interface Pkcs12Options {
  /** PEM. */
  readonly certificatePem: string;
  /** Its private key, unencrypted PEM. */
  readonly privateKeyPem: string;
  /** The certificates between it and the root, PEM. @default none */
  readonly chainPem?: string | undefined;
  /** Opens the file. */
  readonly passphrase: string;
  /** What programs show for the entry. @default the common name, or the subject */
  readonly friendlyName?: string | undefined;
}

/**
 * Rounds of each key derivation. The integrity check of PKCS#12 is the cheapest way to try passphrases, and its derivation
 * is not one that more rounds make strong: choose a passphrase that is long and random. A client derives on every start.
 */
const ITERATIONS = Buffer.of(0x27, 0x10);

const OID = {
  data: "1.2.840.113549.1.7.1",
  encryptedData: "1.2.840.113549.1.7.6",
  keyBag: "1.2.840.113549.1.12.10.1.2",
  certificateBag: "1.2.840.113549.1.12.10.1.3",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacWithSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
  sha256: "2.16.840.1.101.3.4.2.1",
} as const;

/**
 * Makes a PKCS#12 file of a certificate, its chain and its key. Certificates and key are encrypted with AES-256 (PBES2,
 * PBKDF2 with HMAC-SHA-256), and an HMAC-SHA-256 protects the whole. OpenSSL 1.1 and later, Java and Windows of today, and
 * `ra-signer` read it.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE_INVALID, ERR_PKI_KEY_UNSUPPORTED when certificate or key cannot be read;
 *   ERR_PKI_KEY_MISMATCH when they do not belong together; ERR_PKI_PASSPHRASE for an empty passphrase
 * @see RFC 7292, and RFC 8018 §6.2
 * @example
 * const p12 = createPkcs12({ certificatePem, privateKeyPem, chainPem, passphrase });
 */
export function createPkcs12({ passphrase, ...options }: Pkcs12Options): Buffer {
  if (passphrase === "") {
    throw new PkiError("ERR_PKI_PASSPHRASE", "the passphrase of the PKCS#12 file is empty; give one");
  }
  const { certificate, privateKey } = read(options);
  const chain = certificatesIn(options.chainPem ?? "");
  const localKeyId = createHash("sha1").update(certificate.raw).digest();
  const friendlyName = options.friendlyName ?? nameOf(certificate);
  const own = attributes(friendlyName, localKeyId);
  const certificates = sequence(
    safeBag(OID.certificateBag, certificateValue(certificate), own),
    ...chain.map((issuer) => safeBag(OID.certificateBag, certificateValue(issuer))),
  );
  const key = encrypt(privateKey.export({ type: "pkcs8", format: "der" }), passphrase);
  const keys = sequence(safeBag(OID.keyBag, sequence(key.algorithm, octetString(key.octets)), own));
  const authenticatedSafe = toDer(
    sequence(encryptedContent(toDer(certificates), passphrase), dataContent(toDer(keys))),
  );
  return toDer(
    sequence(integer(Buffer.of(3)), dataContent(authenticatedSafe), macOf(authenticatedSafe, passphrase)),
  );
}

function read({ certificatePem, privateKeyPem }: Omit<Pkcs12Options, "passphrase">) {
  const [certificate] = certificatesIn(certificatePem);
  if (certificate === undefined) {
    throw new PkiError("ERR_PKI_CERTIFICATE_INVALID", "there is no certificate to export; give PEM");
  }
  const privateKey = readKey(privateKeyPem);
  if (certificate.checkPrivateKey(privateKey)) return { certificate, privateKey };
  throw new PkiError(
    "ERR_PKI_KEY_MISMATCH",
    `the private key is not that of ${JSON.stringify(nameOf(certificate))}; give the key that was made with it`,
  );
}

function readKey(pem: string) {
  try {
    return createPrivateKey(readPem(pem).find(({ label }) => label.endsWith("PRIVATE KEY"))?.text ?? pem);
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_KEY_UNSUPPORTED",
      "the private key to export cannot be read; give an unencrypted PEM private key",
      { cause },
    );
  }
}

function certificatesIn(pem: string): X509Certificate[] {
  try {
    return readPem(pem).flatMap(({ label, text }) =>
      label === "CERTIFICATE" ? new X509Certificate(text) : [],
    );
  } catch (cause) {
    throw new PkiError(
      "ERR_PKI_CERTIFICATE_INVALID",
      "a certificate to export cannot be read; give the PEM that its CA wrote",
      { cause },
    );
  }
}

function nameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject.replaceAll("\n", ", ");
}

// ContentInfo: RFC 7292 §4, RFC 5652 §3.
function dataContent(octets: Uint8Array): Asn1 {
  return sequence(oid(OID.data), explicit(0, octetString(octets)));
}

function encryptedContent(octets: Uint8Array, passphrase: string): Asn1 {
  const encrypted = encrypt(octets, passphrase);
  const content = sequence(oid(OID.data), encrypted.algorithm, implicit(0, encrypted.octets));
  return sequence(oid(OID.encryptedData), explicit(0, sequence(integer(Buffer.of(0)), content)));
}

function safeBag(type: string, value: Asn1, bagAttributes?: Asn1): Asn1 {
  return sequence(oid(type), explicit(0, value), ...(bagAttributes === undefined ? [] : [bagAttributes]));
}

function certificateValue({ raw }: X509Certificate): Asn1 {
  return sequence(oid(OID.x509Certificate), explicit(0, octetString(raw)));
}

/** The name, and the identifier by which programs find the key of a certificate. DER sorts a SET OF by its octets. */
function attributes(friendlyName: string, localKeyId: Uint8Array): Asn1 {
  const all = [
    sequence(oid(OID.friendlyName), set(bmpString(friendlyName))),
    sequence(oid(OID.localKeyId), set(octetString(localKeyId))),
  ];
  return set(...all.toSorted((a, b) => Buffer.compare(toDer(a), toDer(b))));
}

/** PBES2 with PBKDF2, HMAC-SHA-256 and AES-256 in CBC mode (RFC 8018 §6.2). */
function encrypt(octets: Uint8Array, passphrase: string): { algorithm: Asn1; octets: Buffer } {
  const [salt, initializationVector] = [randomBytes(16), randomBytes(16)];
  const key = pbkdf2Sync(passphrase, salt, ITERATIONS.readUInt16BE(0), 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", key, initializationVector);
  const keyDerivation = sequence(
    oid(OID.pbkdf2),
    sequence(octetString(salt), integer(ITERATIONS), sequence(oid(OID.hmacWithSha256), nullValue())),
  );
  const encryption = sequence(oid(OID.aes256Cbc), octetString(initializationVector));
  return {
    algorithm: sequence(oid(OID.pbes2), sequence(keyDerivation, encryption)),
    octets: Buffer.concat([cipher.update(octets), cipher.final()]),
  };
}

// MacData: RFC 7292 §4.
function macOf(content: Uint8Array, passphrase: string): Asn1 {
  const salt = randomBytes(16);
  const mac = createHmac("sha256", macKey(passphrase, salt)).update(content).digest();
  const algorithm = sequence(oid(OID.sha256), nullValue());
  return sequence(sequence(algorithm, octetString(mac)), octetString(salt), integer(ITERATIONS));
}

/** The key of the MAC: one block of the derivation of RFC 7292 appendix B.2, with the diversifier 3. */
function macKey(passphrase: string, salt: Buffer): Buffer {
  const blockSize = 64;
  // A BMPString and two zero octets (appendix B.1).
  const password = Buffer.from(`${passphrase}\0`, "utf16le").swap16();
  const filled = (octets: Buffer): Buffer =>
    Buffer.alloc(Math.ceil(octets.length / blockSize) * blockSize, octets);
  let key: Buffer = Buffer.concat([Buffer.alloc(blockSize, 3), filled(salt), filled(password)]);
  for (let round = 0; round < ITERATIONS.readUInt16BE(0); round += 1) {
    key = createHash("sha256").update(key).digest();
  }
  return key;
}
