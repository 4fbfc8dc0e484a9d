import { createPublicKey, verify } from "node:crypto";

import { printable, SignerError } from "../../errors.ts";
import type { AgentCalls, FoundCertificate, PublicKeyFacts, TokenName, TokenQuery } from "../protocol.ts";
import { escapedBytes, escapedText } from "../uri.ts";
import { attribute, CKA, CKC_X_509, CKK, CKO, unsignedLong } from "./cryptoki.ts";
import type { Cryptoki, Handle } from "./cryptoki.ts";
import { signWith } from "./sign.ts";
import type { TokenKey } from "./sign.ts";
import { called } from "./tokens.ts";
import type { Library, OpenToken, Tokens } from "./tokens.ts";

const MOST_OBJECTS = 1000;

/**
 * Finds certificates as AWS's helper does: on all tokens that the query allows, without logging in; if there is none and the
 * query allows one token only, there once more after a login.
 *
 * @see http://david.woodhou.se/draft-woodhouse-cert-best-practice.html#rfc.section.8.1
 */
export async function findCertificates(
  { query, pin, name }: AgentCalls["certificates"]["request"],
  { cryptoki, tokens, asking }: Library,
): Promise<readonly FoundCertificate[]> {
  const candidates = tokens.matching(query);
  if (candidates.length === 0) throw noToken(name, tokens);
  const all = candidates.flatMap((token) => certificatesOn(tokens.open(token), query, cryptoki));
  const [only, ...others] = candidates;
  if (all.some(({ isAskedFor }) => isAskedFor) || only === undefined || others.length > 0) return all;
  const token = tokens.open(only);
  const { value, option, source, ask } = pin;
  const mayLogIn = [value, option, source].some((given) => given !== undefined) || ask === true;
  if (token.isLoggedIn || !mayLogIn) return all;
  await tokens.login(token, pin, asking);
  return certificatesOn(token, query, cryptoki);
}

function certificatesOn(
  { session, name }: OpenToken,
  query: TokenQuery,
  cryptoki: Cryptoki,
): readonly FoundCertificate[] {
  const found: FoundCertificate[] = [];
  for (const object of objects(cryptoki, session, CKO.CERTIFICATE)) {
    const type = unsignedLong(attribute(cryptoki, session, object, CKA.CERTIFICATE_TYPE));
    const der = attribute(cryptoki, session, object, CKA.VALUE);
    if ((type ?? CKC_X_509) !== CKC_X_509 || der === undefined || der.length === 0) continue;
    const id = attribute(cryptoki, session, object, CKA.ID)?.toString("hex") ?? "";
    const label = attribute(cryptoki, session, object, CKA.LABEL)?.toString("utf8") ?? "";
    const isAskedFor =
      (query.id === undefined || query.id === id) && (query.label === undefined || query.label === label);
    found.push({ id, label, der: der.toString("base64"), isAskedFor, on: name });
  }
  return found;
}

/**
 * Finds the private key of a certificate: on the one token that the query allows, else on the certificate's. A query that
 * was written for the certificate looks for its CKA_ID first, then for its label, then for any key. Of several keys the one
 * counts whose public half is the certificate's.
 *
 * @see http://david.woodhou.se/draft-woodhouse-cert-best-practice.html#rfc.section.8.2
 */
export async function findKey(
  request: AgentCalls["key"]["request"],
  library: Library,
): Promise<{ readonly key: TokenKey; readonly name: string }> {
  const { query, pin, name, beside, isOfCertificate, publicKey, reusePin } = request;
  const { tokens, asking } = library;
  const candidates = tokens.matching(query);
  if (candidates.length === 0) throw noToken(name, tokens);
  const chosen =
    candidates.length === 1 ? candidates[0] : candidates.find(({ slot }) => slot === beside?.slot);
  if (chosen === undefined) {
    throw new SignerError(
      "ERR_SIGNER_TOKEN_AMBIGUOUS",
      `${candidates.length} tokens fit ${name}: ${candidates.map(uriOfToken).join(", ")}; add token= or serial=, so that one is left`,
    );
  }
  const token = tokens.open(chosen);
  await tokens.login(token, pin, asking);

  const searches: readonly TokenQuery[] = isOfCertificate
    ? [
        ...(beside === undefined || beside.id === "" ? [] : [{ id: beside.id }]),
        { id: query.id, label: query.label },
        {},
      ]
    : [query];
  let seen = 0;
  for (const search of searches) {
    const keys = keysOn(token, search, library, { pin, reusePin });
    seen = Math.max(seen, keys.length);
    const own = await ownKeys(keys, publicKey, library);
    const [key, second] = own;
    if (key === undefined) continue;
    if (second === undefined) return { key, name: uriOfKey(key) };
    throw new SignerError(
      "ERR_SIGNER_TOKEN_AMBIGUOUS",
      `${own.length} private keys on ${called(chosen)} fit ${name} and its certificate: ${own.map(uriOfKey).join(", ")}; add id= or object=, or delete one`,
    );
  }
  const isSecret = token.isLoggedIn ? "" : "; nobody is logged in, and private keys are seldom shown then";
  throw seen === 0
    ? new SignerError(
        "ERR_SIGNER_KEY_INVALID",
        `no private key on ${called(chosen)} fits ${name}${isSecret}; see what is there: pkcs11-tool --module LIBRARY --login --list-objects`,
      )
    : new SignerError(
        "ERR_SIGNER_KEY_MISMATCH",
        `none of the private keys on ${called(chosen)} that fit ${name} (${seen}) belongs to the certificate; give the certificate that was issued for the key`,
      );
}

function keysOn(
  token: OpenToken,
  query: TokenQuery,
  { cryptoki }: Library,
  how: Pick<TokenKey, "pin" | "reusePin">,
): readonly TokenKey[] {
  const { session } = token;
  const { pin, reusePin } = how;
  return objects(cryptoki, session, CKO.PRIVATE_KEY, query).map((handle) => ({
    pin,
    reusePin,
    token,
    handle,
    type: unsignedLong(attribute(cryptoki, session, handle, CKA.KEY_TYPE)),
    id: attribute(cryptoki, session, handle, CKA.ID)?.toString("hex") ?? "",
    label: attribute(cryptoki, session, handle, CKA.LABEL)?.toString("utf8") ?? "",
    alwaysAuthenticate: attribute(cryptoki, session, handle, CKA.ALWAYS_AUTHENTICATE)?.[0] === 1,
  }));
}

/**
 * The keys that belong to a certificate. A token need not show the public half of a key: a single such key is taken, since
 * each signature is checked with the certificate anyway; among several the one is, whose trial signature is right.
 */
async function ownKeys(
  keys: readonly TokenKey[],
  publicKey: PublicKeyFacts,
  library: Library,
): Promise<readonly TokenKey[]> {
  const ofType = keys.filter(({ type }) => type === (publicKey.type === "RSA" ? CKK.RSA : CKK.EC));
  const values = ofType.map((key) => ({ key, value: publicValue(key, publicKey.type, library) }));
  const own = values.filter(({ value }) => value === publicKey.value).map(({ key }) => key);
  if (own.length > 0) return own;
  const unknown = values.filter(({ value }) => value === undefined).map(({ key }) => key);
  if (unknown.length < 2) return unknown;
  const spki = createPublicKey({ key: Buffer.from(publicKey.spki, "base64"), format: "der", type: "spki" });
  const message = Buffer.from("ra-signer looks for the key of a certificate");
  const right: TokenKey[] = [];
  for (const key of unknown) {
    // Nobody is asked for a PIN, or to touch the token, for a try.
    if (key.alwaysAuthenticate && !key.reusePin) continue;
    const signature = await signWith(key, message, "SHA256", library);
    if (verify("sha256", message, spki, signature)) right.push(key);
  }
  return right;
}

function publicValue(key: TokenKey, type: PublicKeyFacts["type"], { cryptoki }: Library): string | undefined {
  const { session } = key.token;
  if (type === "RSA") {
    return attribute(cryptoki, session, key.handle, CKA.MODULUS)
      ?.toString("hex")
      .replace(/^(?:00)+/, "");
  }
  const point = (object: Handle): Buffer | undefined => attribute(cryptoki, session, object, CKA.EC_POINT);
  const shown = point(key.handle);
  if (shown !== undefined && shown.length > 0) return uncompressed(shown);
  if (key.id === "") return undefined;
  const [half, ...others] = objects(cryptoki, session, CKO.PUBLIC_KEY, { id: key.id });
  return half === undefined || others.length > 0 ? undefined : uncompressed(point(half));
}

/** The point, which stands in an OCTET STRING, or as some tokens have it, alone. */
function uncompressed(point: Buffer | undefined): string | undefined {
  if (point === undefined) return undefined;
  const [tag, length] = point;
  if (tag === 0x04 && length === point.length - 2) return point.toString("hex", 2);
  if (tag === 0x04 && length === 0x81 && point[2] === point.length - 3) return point.toString("hex", 3);
  return tag === 0x04 ? point.toString("hex") : undefined;
}

function objects(
  cryptoki: Cryptoki,
  session: Handle,
  objectClass: number,
  { id, label }: TokenQuery = {},
): readonly Handle[] {
  cryptoki.C_FindObjectsInit(session, [
    { type: CKA.CLASS, value: objectClass },
    ...(id === undefined ? [] : [{ type: CKA.ID, value: Buffer.from(id, "hex") }]),
    ...(label === undefined ? [] : [{ type: CKA.LABEL, value: label }]),
  ]);
  try {
    return cryptoki.C_FindObjects(session, MOST_OBJECTS);
  } finally {
    cryptoki.C_FindObjectsFinal(session);
  }
}

function noToken(name: string, tokens: Tokens): SignerError {
  const there = tokens.all();
  const list = there.length === 0 ? "there is none" : `there are ${there.map(uriOfToken).join(", ")}`;
  return new SignerError(
    "ERR_SIGNER_TOKEN_NOT_FOUND",
    `no token fits ${name}; ${list}; put the token in, or correct the URI or --pkcs11-lib`,
  );
}

function uriOfToken({ token, serial }: TokenName): string {
  return printable(`pkcs11:token=${escapedText(token)};serial=${escapedText(serial)}`, 200);
}

function uriOfKey({ id, label }: TokenKey): string {
  return printable(
    `pkcs11:${id === "" ? "" : `id=${escapedBytes(id)};`}${label === "" ? "" : `object=${escapedText(label)};`}type=private`,
    200,
  );
}
