import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

import { messageOf, quoted, SignerError } from "../errors.ts";
import type { CertificateSelector } from "../keys/identity.ts";

const KEYS = ["x509Subject", "x509Issuer", "x509Serial"] as const;

/**
 * Reads the value of --cert-selector as AWS's helper does: `Key=x509Subject,Value=CN=client,O=Example` repeated, or
 * `file://PATH` of a JSON array of objects with `Key` and `Value`.
 *
 * @throws {SignerError} ERR_SIGNER_USAGE for another form, an unknown key or one that is given twice.
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/credential-helper.html
 */
export function parseSelector(text: string): CertificateSelector {
  const pairs = text.startsWith("file://") ? pairsInFile(text.slice("file://".length)) : pairsInText(text);
  const selector: Partial<Record<keyof CertificateSelector, string>> = {};
  for (const [name, value] of pairs) {
    const key = KEYS.find((one) => one === name);
    if (key === undefined)
      throw wrong(`cert selector contained invalid key ${quoted(name)}; there are ${KEYS.join(", ")}`);
    if (selector[key] !== undefined) throw wrong(`duplicate ${key} keys can't be present in cert selector`);
    if (key === "x509Serial" && !/^[0-9a-fA-F]+$/.test(value)) {
      throw wrong(`x509Serial ${quoted(value)} is not hexadecimal`);
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length === 0) throw wrong("cert selector contained no key");
  return selector;
}

function pairsInText(text: string): readonly (readonly [string, string])[] {
  const pairs = text.trim().split(/\s*(?=\bKey=)/);
  return pairs.map((pair) => {
    const [, name, value] = /^Key=([^,\s]+),Value=([^]*)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw wrong(`unable to parse cert selector ${quoted(text)}; write Key=x509Subject,Value=CN=client`);
    }
    return [name, value.trim()];
  });
}

function pairsInFile(path: string): readonly (readonly [string, string])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrong(`the file ${quoted(path)} cannot be read as JSON: ${messageOf(error)}`);
  }
  if (!Array.isArray(parsed))
    throw wrong(`the file ${quoted(path)} is no JSON array of objects with Key and Value`);
  return parsed.map((entry: unknown) => {
    const members = new Map(
      Object.entries(Object(entry)).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const name = members.get("key");
    const value = members.get("value");
    if (typeof name !== "string" || typeof value !== "string") {
      throw wrong(`the file ${quoted(path)} has an entry without Key and Value`);
    }
    return [name, value];
  });
}

function wrong(reason: string): SignerError {
  return new SignerError("ERR_SIGNER_USAGE", `--cert-selector: ${reason}`);
}

/** Whether a certificate is what a selector asks for. */
export function selects(selector: CertificateSelector, x509: X509Certificate): boolean {
  const { x509Subject, x509Issuer, x509Serial } = selector;
  return (
    (x509Subject === undefined || x509Subject === nameAsInRfc2253(x509.subject)) &&
    (x509Issuer === undefined || x509Issuer === nameAsInRfc2253(x509.issuer)) &&
    (x509Serial === undefined || BigInt(`0x${x509Serial}`) === BigInt(`0x${x509.serialNumber}`))
  );
}

/** A name as RFC 2253 writes it, last part first. Node.js has one part on each line. */
export function nameAsInRfc2253(name: string): string {
  return name.split("\n").toReversed().join(",");
}
