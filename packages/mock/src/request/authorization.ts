import { printable } from "../errors/printable.ts";
import { Refusal, requireThat } from "../errors/refusal.ts";

/** The algorithm tokens that AWS documents; one token serves all three parameter sets of ML-DSA. */
export const ALGORITHMS = ["AWS4-X509-RSA-SHA256", "AWS4-X509-ECDSA-SHA256", "AWS4-X509-MLDSA"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The parts of the `Authorization` header. */
export interface Authorization {
  readonly algorithm: Algorithm;
  /** As sent: the certificate's serial number in decimal. */
  readonly serialNumber: string;
  /** `<yyyymmdd>/<region>/rolesanywhere/aws4_request` */
  readonly scope: Readonly<Record<"date" | "region" | "service" | "terminator", string>>;
  /** Lower-case names in the order of the header. */
  readonly signedHeaders: readonly string[];
  readonly signature: Uint8Array;
}

const SHAPE =
  "<algorithm> Credential=<serial>/<yyyymmdd>/<region>/rolesanywhere/aws4_request, SignedHeaders=<a;b;c>, Signature=<hex>";

/** @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html task 4 */
export function parseAuthorization(header = ""): Authorization {
  requireThat(header !== "", "AUTHORIZATION_MISSING", () => ({
    expected: `Authorization: ${SHAPE}`,
    received: "no Authorization header",
  }));
  const [token = ""] = header.split(" ", 1);
  const algorithm = ALGORITHMS.find((known) => known === token);
  requireThat(algorithm !== undefined, "ALGORITHM_UNSUPPORTED", () => ({
    expected: ALGORITHMS.join(", "),
    received: printable(token, 120),
  }));
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

/** SigV4 demands lower case, sorted order and no name twice. */
function readSignedHeaders(text: string): string[] {
  const names = text.split(";");
  const areNames = names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name));
  if (areNames && names.every((name, index) => index === 0 || name > (names[index - 1] ?? ""))) return names;
  throw malformed(`SignedHeaders=${text}`, "lower-case header names, sorted, separated by semicolons");
}

function readSignature(text: string): Uint8Array {
  requireThat(/^(?:[0-9a-fA-F]{2})+$/.test(text), "SIGNATURE_MALFORMED", () => ({
    expected: "the signature's bytes in hex",
    received: printable(text, 120),
  }));
  return Buffer.from(text, "hex");
}

function malformed(received: string, expected = SHAPE): Refusal {
  return new Refusal("AUTHORIZATION_MALFORMED", { expected, received: printable(received, 140) });
}
