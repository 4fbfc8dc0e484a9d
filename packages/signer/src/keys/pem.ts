import { readFileSync } from "node:fs";

import { isShowable, messageOf, SignerError } from "../errors.ts";
import type { SignerErrorCode } from "../errors.ts";

/**
 * Where a certificate or key comes from: a path, or the PEM text itself (recognised by its first `-----BEGIN` line), or
 * the bytes of a file. The text may be what variables make of it: base64 of a PEM file, with `\n` written out, or with
 * spaces for line ends.
 */
export type PemSource = string | Uint8Array;

/** The text of a file, one character for each byte, and a name for it in messages. */
export interface NamedPem {
  readonly text: string;
  /** `"client.pem"` for a file, `given as text` otherwise. */
  readonly name: string;
  /** Only when it came from a file. */
  readonly path?: string | undefined;
}

/**
 * Reads a file. Called each time a request is signed, so that a rotated file is picked up.
 *
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE when the file cannot be read. A source that does not look like a path is
 *   neither in the message nor in `path`, since it may be a key.
 */
export function readPem(source: PemSource, what: string): NamedPem {
  if (typeof source !== "string") {
    return { text: Buffer.from(source).toString("latin1"), name: "given as bytes" };
  }
  if (holdsPem(source)) return { text: source, name: "given as text" };
  if (source.startsWith("pkcs11:")) {
    // It may hold a PIN.
    throw new SignerError(
      "ERR_SIGNER_KEY_UNSUPPORTED",
      `the ${what} is a PKCS#11 URI, and no file; load it with loadTokenIdentity`,
    );
  }
  try {
    return { text: readFileSync(source, "latin1"), name: `"${source}"`, path: source };
  } catch (cause) {
    // Node.js's error quotes it as well.
    const isPath = isShowable(source);
    throw new SignerError(
      "ERR_SIGNER_FILE_UNREADABLE",
      isPath
        ? `cannot read the ${what} "${source}": ${messageOf(cause)}; check the path and that this user may read it`
        : `cannot read the ${what}: the ${source.length} characters that were given are not the path of a file, and are not shown because they may be a key; give a path, or the whole PEM text from -----BEGIN to -----END`,
      isPath ? { cause, path: source } : {},
    );
  }
}

/** Why a file is refused: `certificate "client.pem": …`. */
export function refusal(
  code: SignerErrorCode,
  what: "certificate" | "intermediates" | "private key",
  { name, path }: NamedPem,
  reason: string,
  cause?: unknown,
): SignerError {
  return new SignerError(code, `${what} ${name}: ${reason}`, { cause, path });
}

/** One PEM block, written anew in the strict form that every parser takes. */
export interface PemBlock {
  /** For example `CERTIFICATE` or `EC PRIVATE KEY`. */
  readonly label: string;
  /** From BEGIN to END: base64 in lines of 64 characters, ending in a line feed. */
  readonly text: string;
  /** Whether header lines say that the content is encrypted (RFC 1421 §4.6.1.1), as OpenSSL's older key formats do. */
  readonly encrypted: boolean;
}

const BEGIN = "-----BEGIN ";
const DASHES = "-----";
const LINE_LENGTH = 64;
/** Upper-case words and digits. */
const LABEL = /^[A-Z0-9][A-Z0-9 ]*$/;

/**
 * Finds the PEM blocks of a text, in order, and rewrites each in the strict form, because OpenSSL (and so Node.js)
 * refuses some of the forms that editors, mail programs and templates make: doubled or mixed line ends, blank lines, lines
 * of any length, white space around lines, header lines. The text outside the blocks is ignored.
 *
 * @param text Contents of a PEM file or of a variable: also base64 of it, with `\n` written out, or with spaces for line ends.
 * @see RFC 7468 §3, "laxtextualmsg"; RFC 1421 §4.6 for header lines
 */
export function pemBlocks(text: string): readonly PemBlock[] {
  const [, ...parts] = decodedPem(text).split(BEGIN);
  return parts.map(blockIn).filter((block) => block !== undefined);
}

/** Whether a text is PEM, or base64 of PEM. */
export function holdsPem(text: string): boolean {
  return decodedPem(text).includes(BEGIN);
}

/** No certificate or key is shorter; for shorter texts it is not worth a try whether they are base64. */
const MIN_BASE64_LENGTH = 64;

/** The PEM text, when it was given in base64 or with `\n` for line ends, as secrets are often passed in variables. */
export function decodedPem(text: string): string {
  // No PEM block has a backslash in it.
  if (text.includes(BEGIN)) {
    return text.includes("\\") ? text.replaceAll("\\r", "\r").replaceAll("\\n", "\n") : text;
  }
  if (text.length < MIN_BASE64_LENGTH) return text;
  const base64 = text.replaceAll(/[\s"']/g, "");
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(base64)) return text;
  const inside = Buffer.from(base64, "base64").toString("latin1");
  return inside.includes(BEGIN) ? decodedPem(inside) : text;
}

/** The block at the beginning of a text whose `-----BEGIN ` is cut off; undefined when it has no end. */
function blockIn(text: string): PemBlock | undefined {
  const [label = ""] = text.split(DASHES, 1);
  const last = `-----END ${label}-----`;
  const end = text.indexOf(last);
  if (end === -1 || !LABEL.test(label)) return undefined;
  const { headers, content } = splitBody(text.slice(label.length + DASHES.length, end));
  // The white space that RFC 7468 §3 allows in lax texts.
  const base64 = content.replaceAll(/[\t-\r ]+/g, "");
  if (base64.includes("-")) return undefined;
  const encryption = headers.filter((header) => /^(?:Proc-Type|DEK-Info):/.test(header));
  const encrypted = encryption.some((header) => header.includes("ENCRYPTED"));
  const lines = [`${BEGIN}${label}${DASHES}`];
  if (encrypted) lines.push(...encryption, "");
  for (let at = 0; at < base64.length; at += LINE_LENGTH) lines.push(base64.slice(at, at + LINE_LENGTH));
  return { label, text: [...lines, last, ""].join("\n"), encrypted };
}

/** Separates header lines, `Name: value`, with what continues them on lines that are indented, from the base64. */
function splitBody(body: string): { readonly headers: readonly string[]; readonly content: string } {
  if (!body.includes(":")) return { headers: [], content: body };
  const onOneLine = /^\s*(Proc-Type:\s*\S+)\s+(DEK-Info:\s*\S+)\s([^:]*)$/.exec(body);
  if (onOneLine !== null) {
    const [, procType = "", dekInfo = "", content = ""] = onOneLine;
    return { headers: [procType, dekInfo], content };
  }
  const lines = body.replaceAll("\r", "\n").split("\n");
  const lastHeader = lines.findLastIndex((line) => line.includes(":"));
  const headers = lines.slice(0, lastHeader + 1).filter((line) => line.includes(":"));
  const rest = lines.slice(lastHeader + 1);
  // What is indented below a header that is not continues it, up to the blank line that ends the headers.
  const continued = isIndented(headers.at(-1)) ? 0 : rest.findIndex((line) => !isIndented(line));
  return { headers: headers.map((line) => line.trim()), content: rest.slice(continued).join("\n") };
}

function isIndented(line: string | undefined): boolean {
  return line !== undefined && line.trim() !== "" && (line.startsWith(" ") || line.startsWith("\t"));
}
