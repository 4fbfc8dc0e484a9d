import { printable } from "../errors/printable.ts";
import { AWS_MESSAGE, denied } from "../errors/refusal.ts";
import type { Refusal } from "../errors/refusal.ts";
import type { CredentialScope } from "./canonical-request.ts";

/** The algorithm tokens that AWS documents; one token serves all three parameter sets of ML-DSA. */
export const ALGORITHMS = ["AWS4-X509-RSA-SHA256", "AWS4-X509-ECDSA-SHA256", "AWS4-X509-MLDSA"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The parts of the `Authorization` header. */
export interface Authorization {
  readonly algorithm: Algorithm;
  /** As sent: the certificate's serial number in decimal. */
  readonly serialNumber: string;
  readonly scope: CredentialScope;
  /** Lower-case names in the order of the header. */
  readonly signedHeaders: readonly string[];
  readonly signature: Uint8Array;
}

const SHAPE =
  "<algorithm> Credential=<serial>/<yyyymmdd>/<region>/rolesanywhere/aws4_request, SignedHeaders=<a;b;c>, Signature=<hex>";

/**
 * Takes the `Authorization` header apart.
 *
 * @throws {Refusal} AUTHORIZATION_MISSING, AUTHORIZATION_MALFORMED, ALGORITHM_UNSUPPORTED, SIGNATURE_MALFORMED
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html task 4
 */
export function parseAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === "") {
    throw denied("AUTHORIZATION_MISSING", AWS_MESSAGE.signature, {
      expected: `Authorization: ${SHAPE}`,
      received: "no Authorization header",
      remedy: "sign the request with the private key of the certificate",
    });
  }
  const space = header.indexOf(" ");
  const token = space < 0 ? header : header.slice(0, space);
  const algorithm = ALGORITHMS.find((known) => known === token);
  if (algorithm === undefined) {
    throw denied("ALGORITHM_UNSUPPORTED", AWS_MESSAGE.signature, {
      expected: ALGORITHMS.join(", "),
      received: printable(token, 120),
      remedy: "use the token of the key's type; the digest is SHA-256 for every RSA key and every curve",
    });
  }
  const fields = readFields(header.slice(token.length));
  const credential = fields.get("Credential") ?? "";
  const parts = credential.split("/");
  if (parts.length !== 5) throw malformed(`Credential=${credential}`);
  const [serialNumber = "", date = "", region = "", service = "", terminator = ""] = parts;
  return {
    algorithm,
    serialNumber,
    scope: { date, region, service, terminator },
    signedHeaders: readSignedHeaders(fields.get("SignedHeaders") ?? ""),
    signature: readSignature(fields.get("Signature") ?? ""),
  };
}

function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const [, name, value] = /^[ \t]*(Credential|SignedHeaders|Signature)=([!-~]+)[ \t]*$/.exec(part) ?? [];
    if (name === undefined || value === undefined || fields.has(name)) throw malformed(part.trim());
    fields.set(name, value);
  }
  if (fields.size !== 3) throw malformed(`only ${[...fields.keys()].join(" and ")}`);
  return fields;
}

/** Reads the names of signed headers. SigV4 demands lower case, sorted order and no name twice. */
function readSignedHeaders(text: string): string[] {
  const names = text.split(";");
  const canonical = [...new Set(names.map((name) => name.toLowerCase()))].sort();
  if (
    names.some((name) => !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) ||
    names.join(";") !== canonical.join(";")
  ) {
    throw malformed(`SignedHeaders=${text}`, "lower-case header names, sorted, separated by semicolons");
  }
  return names;
}

function readSignature(text: string): Uint8Array {
  if (text.length === 0 || text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) {
    throw denied("SIGNATURE_MALFORMED", AWS_MESSAGE.signature, {
      expected: "the signature's bytes in hex",
      received: printable(text, 120),
      remedy: "write the signature in hex, not in base64; an ECDSA signature is the DER SEQUENCE{r,s}",
    });
  }
  return Buffer.from(text, "hex");
}

function malformed(received: string, expected = SHAPE): Refusal {
  return denied("AUTHORIZATION_MALFORMED", AWS_MESSAGE.signature, {
    expected,
    received: printable(received, 140),
    remedy: "build the Authorization header as the signing process describes",
  });
}
