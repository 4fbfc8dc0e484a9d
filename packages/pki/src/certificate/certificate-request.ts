import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { bits, content, dottedOid, fromDer, isBoolean, isExplicitTag, items } from "../der/decode.ts";
import { explicit, integer, oid, sequence, set, toDer } from "../der/encode.ts";
import type { Asn1 } from "../der/encode.ts";
import { PkiError } from "../errors.ts";
import { toSpki } from "../keys/key-pair.ts";
import type { SignatureAlgorithm } from "../keys/signature-algorithm.ts";
import { readPem, writePem } from "../pem.ts";
import { signed } from "./encode-certificate.ts";
import type { SignOctets } from "./encode-certificate.ts";
import {
  encodeExtendedKeyUsage,
  encodeKeyUsage,
  encodeSubjectAlternativeNames,
  EXTENDED_KEY_USAGE_OID,
  EXTENSION_OID,
  keyUsageNames,
} from "./extensions.ts";
import { readGeneralName } from "./subject-alternative-name.ts";
import type { SubjectAlternativeName } from "./subject-alternative-name.ts";
import { readName, relativeNames } from "./distinguished-name.ts";
import { commonNameOf } from "./subject.ts";
import type { NameAttribute } from "./subject.ts";

/** PKCS#9 extensionRequest (RFC 2985 §5.4.2). */
const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

/** Signature algorithms that a request may have: digest by object identifier; null for ML-DSA. */
const DIGESTS: ReadonlyMap<string, string | null> = new Map([
  ["1.2.840.113549.1.1.11", "sha256"],
  ["1.2.840.113549.1.1.12", "sha384"],
  ["1.2.840.113549.1.1.13", "sha512"],
  ["1.2.840.10045.4.3.2", "sha256"],
  ["1.2.840.10045.4.3.3", "sha384"],
  ["1.2.840.10045.4.3.4", "sha512"],
  ["2.16.840.1.101.3.4.3.17", null],
  ["2.16.840.1.101.3.4.3.18", null],
  ["2.16.840.1.101.3.4.3.19", null],
]);

/** What a request says: a name, a key, and what the certificate is wished to have. */
export interface RequestContent {
  readonly subject: readonly NameAttribute[];
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly subjectAlternativeNames: readonly SubjectAlternativeName[];
  /** What every client certificate has anyway: `keyUsage digitalSignature`, `extendedKeyUsage clientAuth`. */
  readonly usual: readonly string[];
  /** What no client certificate gets, by name. */
  readonly refused: readonly string[];
}

/** Makes a PKCS#10 request, signed with its own key, for a client certificate. */
export async function signRequest(
  init: {
    readonly subject: readonly NameAttribute[];
    readonly publicKey: KeyObject;
    readonly subjectAlternativeNames?: readonly SubjectAlternativeName[] | undefined;
  },
  algorithm: SignatureAlgorithm,
  sign: SignOctets,
): Promise<string> {
  const names = init.subjectAlternativeNames ?? [];
  const extensions = sequence(
    encodeKeyUsage(["digitalSignature"]),
    encodeExtendedKeyUsage(["clientAuth"]),
    ...(names.length > 0 ? [encodeSubjectAlternativeNames(names)] : []),
  );
  const info = sequence(
    integer(Buffer.of(0)), // version 1
    relativeNames(init.subject),
    fromDer(toSpki(init.publicKey)),
    explicit(0, sequence(oid(EXTENSION_REQUEST), set(extensions))),
  );
  return writePem("CERTIFICATE REQUEST", await signed(toDer(info), algorithm, sign));
}

/**
 * Reads a PKCS#10 request in PEM, and checks that whoever made it has the key.
 *
 * @throws {PkiError} ERR_PKI_REQUEST_INVALID when it cannot be read, its signature does not fit, or it lacks a common name;
 *   ERR_PKI_REQUEST_REFUSED when it asks for a CA certificate.
 * @see RFC 2986
 */
export function readRequest(pem: string): RequestContent {
  const block = readPem(pem).find(({ label }) => /^(?:NEW )?CERTIFICATE REQUEST$/.test(label));
  if (block === undefined) {
    throw invalid("it has no block BEGIN CERTIFICATE REQUEST; give a PKCS#10 request in PEM");
  }
  const der = Buffer.from(block.text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  const { info, publicKey } = readSigned(der);
  const subject = readName(items(info)[1]);
  if (subject === undefined) {
    throw invalid("its subject has attributes other than C, ST, L, O, OU and CN; leave them out");
  }
  const commonNames = subject.filter(({ type }) => type === "CN").length;
  if (commonNames !== 1) {
    throw invalid(`its subject has ${commonNames} common names; give exactly one`);
  }
  return { subject, commonName: commonNameOf(subject), publicKey, ...readWishes(info) };
}

function readSigned(der: Buffer): { info: Asn1; publicKey: KeyObject } {
  let parts: Asn1[];
  let publicKey: KeyObject;
  try {
    parts = items(fromDer(der));
    const key = items(parts[0])[2];
    if (key === undefined) throw new Error("no key");
    publicKey = createPublicKey({ key: toDer(key), format: "der", type: "spki" });
  } catch (cause) {
    throw invalid("it is not PKCS#10, or has a key that this Node.js does not know", cause);
  }
  const [info, algorithm, signature] = parts;
  const identifier = dottedOid(items(algorithm)[0]);
  const digest = DIGESTS.get(identifier);
  if (digest === undefined) {
    throw invalid(
      `it is signed by the algorithm ${identifier}; sign it with SHA-256, SHA-384, SHA-512 or ML-DSA`,
    );
  }
  if (info === undefined || !isVerified(digest, toDer(info), publicKey, bits(signature))) {
    throw invalid("its signature is not one of its key; make the request again");
  }
  return { info, publicKey };
}

function isVerified(digest: string | null, octets: Buffer, publicKey: KeyObject, signature: Buffer): boolean {
  try {
    return verify(digest, octets, publicKey, signature);
  } catch {
    // The algorithm of the signature and the key are of different kinds.
    return false;
  }
}

type Wishes = Pick<RequestContent, "subjectAlternativeNames" | "usual" | "refused">;

function readWishes(info: Asn1): Wishes {
  const names: SubjectAlternativeName[] = [];
  const usual: string[] = [];
  const refused: string[] = [];
  const list = (name: string, values: readonly string[], allowed: string): void => {
    for (const value of values) (value === allowed ? usual : refused).push(`${name} ${value}`);
  };
  for (const [id, value] of requestedExtensions(info)) {
    switch (id) {
      case EXTENSION_OID.basicConstraints:
        // DER writes TRUE as 0xFF; BER has every octet but zero for it, and so have readers.
        if (items(value).some((item) => isBoolean(item) && content(item).some((octet) => octet !== 0))) {
          throw asksForAuthority("CA:TRUE");
        }
        usual.push("basicConstraints CA:FALSE");
        break;
      case EXTENSION_OID.keyUsage: {
        const usages = keyUsageNames(bits(value));
        const signing = usages.find((usage) => usage === "keyCertSign" || usage === "cRLSign");
        if (signing !== undefined) throw asksForAuthority(`the key usage ${signing}`);
        list("keyUsage", usages, "digitalSignature");
        break;
      }
      case EXTENSION_OID.extendedKeyUsage:
        list("extendedKeyUsage", items(value).map(purposeOf), "clientAuth");
        break;
      case EXTENSION_OID.subjectAlternativeName:
        for (const item of items(value)) {
          const name = readGeneralName(item);
          if (name === undefined) refused.push("an alternative name of another type");
          else names.push(name);
        }
        break;
      case EXTENSION_OID.subjectKeyIdentifier:
        break;
      default:
        refused.push(`the extension ${id}`);
    }
  }
  return { subjectAlternativeNames: names, usual, refused };
}

/** The extensions that a request asks for, by object identifier. */
function requestedExtensions(info: Asn1): [id: string, value: Asn1][] {
  try {
    const attributes = items(items(info).find((field) => isExplicitTag(field, 0)));
    return attributes
      .map(items)
      .filter(([type]) => dottedOid(type) === EXTENSION_REQUEST)
      .flatMap(([, values]) => items(items(values)[0]))
      .map((extension) => {
        const parts = items(extension);
        return [dottedOid(parts[0]), fromDer(content(parts.at(-1)))];
      });
  } catch (cause) {
    throw invalid("the extensions that it asks for cannot be read", cause);
  }
}

function purposeOf(purpose: Asn1): string {
  const id = dottedOid(purpose);
  return Object.entries(EXTENDED_KEY_USAGE_OID).find(([, dotted]) => dotted === id)?.[0] ?? id;
}

function asksForAuthority(wish: string): PkiError {
  return new PkiError(
    "ERR_PKI_REQUEST_REFUSED",
    `the request asks for ${wish}, which only a CA has; make a CA with ra-pki intermediate, or leave it out of the request`,
  );
}

function invalid(reason: string, cause?: unknown): PkiError {
  return new PkiError("ERR_PKI_REQUEST_INVALID", `the request cannot be signed: ${reason}`, { cause });
}
