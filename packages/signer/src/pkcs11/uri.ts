import { printable, quoted, SignerError } from "../errors.ts";
import type { PinSources, TokenQuery } from "./protocol.ts";

/** A `pkcs11:` URI, read (RFC 7512). It is a search: what it does not name may have any value. */
export interface Pkcs11Uri {
  readonly query: TokenQuery;
  readonly pin: PinSources;
  /** Path of the library, from `module-path`. */
  readonly modulePath: string | undefined;
  /** The URI in quotes without its PIN, for messages. */
  readonly name: string;
}

/** Attributes of the path (RFC 7512 §2.3), and what they ask of token, slot, library or object. */
const PATH_ATTRIBUTES: Readonly<Record<string, keyof TokenQuery>> = {
  id: "id",
  "library-description": "libraryDescription",
  "library-manufacturer": "libraryManufacturer",
  "library-version": "libraryVersion",
  manufacturer: "manufacturer",
  model: "model",
  object: "label",
  serial: "serial",
  "slot-description": "slotDescription",
  "slot-id": "slotId",
  "slot-manufacturer": "slotManufacturer",
  token: "token",
  type: "type",
};

/**
 * Reads a `pkcs11:` URI.
 *
 * @throws {SignerError} ERR_SIGNER_PKCS11_URI_INVALID for an attribute that is unknown, given twice or no text; messages show
 *   no PIN.
 * @example
 * parsePkcs11Uri("pkcs11:token=server;id=%01?pin-source=file:/etc/ra/pin").query; // { token: "server", id: "01" }
 * @see https://www.rfc-editor.org/rfc/rfc7512
 */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  const [path = "", ...afterQuestionMark] = uri.slice("pkcs11:".length).split("?");
  const queryPart = afterQuestionMark.join("?");
  const shown = `"pkcs11:${printable(path, 400)}"`;
  const invalid = (reason: string): SignerError =>
    new SignerError("ERR_SIGNER_PKCS11_URI_INVALID", `the URI ${shown}: ${reason}`);

  const query: Partial<Record<keyof TokenQuery, string>> = {};
  for (const [name, value] of attributesIn(path, ";", invalid)) {
    const member = Object.hasOwn(PATH_ATTRIBUTES, name) ? PATH_ATTRIBUTES[name] : undefined;
    if (member === undefined) {
      throw invalid(
        `it has no attribute ${quoted(name)}; there are ${Object.keys(PATH_ATTRIBUTES).join(", ")}`,
      );
    }
    query[member] = member === "id" ? value.toString("hex") : textOf(value, name, invalid);
  }
  if (query.slotId !== undefined && !/^\d{1,19}$/.test(query.slotId)) {
    throw invalid(`slot-id ${quoted(query.slotId)} is no number`);
  }

  const found = new Map<string, string>();
  for (const [name, value] of attributesIn(queryPart, "&", invalid)) {
    // Vendors may add attributes here (RFC 7512 §2.4).
    if (["pin-value", "pin-source", "module-path", "module-name"].includes(name)) {
      found.set(name, textOf(value, name, invalid));
    }
  }
  if (found.has("pin-value") && found.has("pin-source")) {
    throw invalid("it has both pin-value and pin-source; leave one out");
  }
  return {
    query,
    pin: { value: found.get("pin-value"), source: found.get("pin-source") },
    modulePath: found.get("module-path"),
    name: shown,
  };
}

type Invalid = (reason: string) => SignerError;

/** Names and decoded values, in order. */
function* attributesIn(
  text: string,
  separator: string,
  invalid: Invalid,
): Iterable<readonly [string, Buffer]> {
  const seen = new Set<string>();
  for (const part of text.split(separator)) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    // What has no name may be the rest of a PIN.
    if (equals < 1)
      throw invalid(
        "a part of it is not of the form name=value; write ; & ? and % in values as %3B %26 %3F %25",
      );
    const name = part.slice(0, equals);
    if (seen.has(name)) throw invalid(`it has ${quoted(name)} twice`);
    seen.add(name);
    yield [name, percentDecoded(part.slice(equals + 1), name, invalid)];
  }
}

function percentDecoded(value: string, name: string, invalid: Invalid): Buffer {
  if (/%(?![0-9a-fA-F]{2})/.test(value)) {
    throw invalid(`the value of ${quoted(name)} has a % without two hexadecimal digits after it`);
  }
  const parts = value.split(/%([0-9a-fA-F]{2})/);
  return Buffer.concat(parts.map((part, index) => Buffer.from(part, index % 2 === 1 ? "hex" : "utf8")));
}

function textOf(value: Buffer, name: string, invalid: Invalid): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw invalid(`the value of ${quoted(name)} is no UTF-8`);
  }
}

/** Bytes of an identifier as a URI writes them: `%01%AB`. */
export function escapedBytes(hex: string): string {
  return hex.toUpperCase().replaceAll(/../g, "%$&");
}

/** A text as the value of an attribute in the path of a URI. */
export function escapedText(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) =>
    escapedBytes(Buffer.from(character).toString("hex")),
  );
}
