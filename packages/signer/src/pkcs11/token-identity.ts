import { verify, X509Certificate } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { messageOf, printable, quoted, SignerError } from "../errors.ts";
import { endEntity, loadCertificate } from "../keys/certificate.ts";
import type { EndEntityCertificate } from "../keys/certificate.ts";
import { exposureOf, isoSeconds, loadIdentity } from "../keys/identity.ts";
import type { IdentitySources, SigningIdentity, TokenOptions } from "../keys/identity.ts";
import { isTokenUri } from "../keys/is-token-uri.ts";
import { ALGORITHM_ECDSA, ALGORITHM_RSA, MAX_CHAIN_LENGTH } from "../sigv4-x509/constants.ts";
import type { RequestSigner } from "../sigv4-x509/sign-request.ts";
import { agentFor, LostTokenError } from "./agent-process.ts";
import type { TokenAgent } from "./agent-process.ts";
import type { FoundCertificate, PinSources, PublicKeyFacts, TokenState } from "./protocol.ts";
import { pinFile } from "./pin-file.ts";
import { parseSelector, selects } from "./selector.ts";
import { escapedBytes, escapedText, parsePkcs11Uri } from "./uri.ts";
import type { Pkcs11Uri } from "./uri.ts";

/** Where certificate and key are, at least one of them on a token. */
type TokenSources = IdentitySources;
type SignWith = NonNullable<SigningIdentity["signWith"]>;

export { nameAsInRfc2253 } from "./selector.ts";

/** The name under which p11-kit has all libraries that are set up on a machine; the helper's default as well. */
const DEFAULT_LIBRARIES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: "p11-kit-proxy.dylib",
  win32: "p11-kit-proxy.dll",
};

/** See `loadTokenIdentity` in load.ts. */
export async function openTokenIdentity(sources: TokenSources): Promise<SigningIdentity> {
  const { certificate, intermediates, privateKey } = sources;
  const certificateUri = isTokenUri(certificate) ? parsePkcs11Uri(certificate) : undefined;
  const keyUri = isTokenUri(privateKey) ? parsePkcs11Uri(privateKey) : undefined;
  const agent = agentFor(libraryOf(sources.pkcs11, keyUri, certificateUri));
  const pin = pinOf(sources, keyUri, certificateUri);
  const isKeyOnToken = privateKey === undefined || keyUri !== undefined;

  const found =
    certificateUri === undefined
      ? undefined
      : await withToken(agent, () =>
          certificateOnToken(
            agent,
            certificateUri,
            isKeyOnToken ? pin : pinOf({ ...sources, passphrase: undefined }, undefined, certificateUri),
            sources.pkcs11,
          ),
        );
  const loaded = found?.certificate ?? loadCertificate(certificate);
  const chain = intermediates ?? found?.chain;
  if (!isKeyOnToken) return loadIdentity({ ...sources, certificate: loaded, intermediates: chain });

  const uri = keyUri ?? certificateUri;
  if (uri === undefined) throw new Error("neither certificate nor key is on a token");
  const open = async (): Promise<number> => {
    const { key } = await agent.call("key", {
      query: uri.query,
      pin,
      name: uri.name,
      beside: found && { slot: found.on.on.slot, id: found.on.id },
      isOfCertificate: keyUri === undefined,
      publicKey: publicKeyOf(loaded),
      reusePin: sources.pkcs11?.reusePin === true,
    });
    return key;
  };
  const key = await withToken(agent, open);
  const signWith = signerOf(agent, loaded, key, open);
  const { type } = publicKeyOf(loaded);
  const signer: RequestSigner = {
    algorithm: type === "RSA" ? ALGORITHM_RSA : ALGORITHM_ECDSA,
    sign: (message) => signWith(message, "SHA256"),
  };
  // A chain that is given is read and judged as for files.
  const identity = loadIdentity({ certificate: loaded, intermediates: chain, signer });
  return { ...identity, signWith, warnings: pinWarnings(pin) };
}

/** That others can see a PIN. */
function pinWarnings({ value, source }: PinSources): readonly string[] {
  if (value !== undefined) {
    return [
      "the PIN stands in the pkcs11: URI; on a command line other users can see it, pin-source=file:PATH keeps it private",
    ];
  }
  const path = pinFile(source);
  const exposure = path === undefined ? undefined : exposureOf(path);
  return exposure === undefined
    ? []
    : [
        `the file of the PIN, ${quoted(path ?? "")}, has mode ${exposure.mode}; make it private: ${exposure.remedy}`,
      ];
}

/** A certificate of a token, with the URI that names it alone. */
export interface ListedCertificate {
  readonly certificate: EndEntityCertificate;
  readonly uri: string;
}

/** The certificates that a URI fits. */
export async function listCertificates(sources: TokenSources): Promise<readonly ListedCertificate[]> {
  const { certificate } = sources;
  const uri = parsePkcs11Uri(isTokenUri(certificate) ? certificate : "pkcs11:");
  const agent = agentFor(libraryOf(sources.pkcs11, uri));
  const found = await withToken(agent, () => askedFor(agent, uri, pinOf(sources, uri), sources.pkcs11));
  return found.wanted.map((one) => ({ certificate: certificateOf(one), uri: uriOf(one) }));
}

/** All tokens of a library, for the doctor. */
export async function listTokens(sources: TokenSources): Promise<readonly TokenState[]> {
  return agentFor(libraryFor(sources)).call("tokens", {});
}

/** The library of an identity, for messages. */
export function libraryFor({ certificate, privateKey, pkcs11 }: TokenSources): string {
  return libraryOf(pkcs11, ...[privateKey, certificate].filter(isTokenUri).map(parsePkcs11Uri));
}

/** The file of its PIN, when it comes from one. */
export function pinFileOf({ certificate, privateKey }: TokenSources): string | undefined {
  const uris = [privateKey, certificate].filter(isTokenUri).map(parsePkcs11Uri);
  return pinFile(uris.map(({ pin }) => pin.source).find((source) => source !== undefined));
}

/** The library that options and URIs name. */
function libraryOf(options: TokenOptions | undefined, ...uris: readonly (Pkcs11Uri | undefined)[]): string {
  const given = options?.library || uris.map((uri) => uri?.modulePath).find((path) => path !== undefined);
  return given || (DEFAULT_LIBRARIES[process.platform] ?? "p11-kit-proxy.so");
}

function pinOf(
  { passphrase, pkcs11 }: TokenSources,
  ...uris: readonly (Pkcs11Uri | undefined)[]
): PinSources {
  const inUri = uris
    .map((uri) => uri?.pin)
    .find((pin) => pin?.value !== undefined || pin?.source !== undefined);
  return {
    ...(inUri ?? { option: passphrase }),
    ask: pkcs11?.ask,
    without: pkcs11?.withoutPin,
  };
}

/** A token that is not found is looked for again after these times: SoftHSM does not see one to which another process logs in. */
const PAUSES_MS = [0, 100, 300];

/** Does something on a token; once more with the library started anew, when token or session were lost. */
async function withToken<Result>(agent: TokenAgent, act: () => Promise<Result>): Promise<Result> {
  let wasLost = false;
  for (const pauseMs of PAUSES_MS) {
    try {
      return await act();
    } catch (error) {
      const isLost = error instanceof LostTokenError;
      const isMissing = error instanceof SignerError && error.code === "ERR_SIGNER_TOKEN_NOT_FOUND";
      if (!isMissing && (!isLost || wasLost)) throw error;
      wasLost ||= isLost;
      if (pauseMs > 0) await setTimeout(pauseMs);
      await agent.call("reset", {});
    }
  }
  return act();
}

interface CertificateOnToken {
  readonly certificate: EndEntityCertificate;
  readonly chain: readonly Uint8Array[];
  readonly on: FoundCertificate;
}

async function certificateOnToken(
  agent: TokenAgent,
  uri: Pkcs11Uri,
  pin: PinSources,
  options: TokenOptions | undefined,
): Promise<CertificateOnToken> {
  const { all, wanted } = await askedFor(agent, uri, pin, options);
  const sorted =
    options?.latest === true
      ? wanted.toSorted((one, other) => endOf(other) - endOf(one)).slice(0, 1)
      : wanted;
  const [on, ...others] = sorted;
  if (on === undefined) throw noCertificate(uri, all);
  if (others.length > 0) {
    throw new SignerError(
      "ERR_SIGNER_TOKEN_AMBIGUOUS",
      `multiple matching certificates: ${sorted.length} fit ${uri.name}: ${sorted.slice(0, 5).map(described).join("; ")}; add id= or object= to the URI, so that one is left`,
    );
  }
  const certificate = certificateOf(on);
  return { certificate, chain: chainOf(certificate, on, all), on };
}

/** The certificates of the tokens, and those among them that URI and selector fit. */
async function askedFor(
  agent: TokenAgent,
  uri: Pkcs11Uri,
  pin: PinSources,
  options: TokenOptions | undefined,
): Promise<{ readonly all: readonly FoundCertificate[]; readonly wanted: readonly FoundCertificate[] }> {
  const found = await agent.call("certificates", { query: uri.query, pin, name: uri.name });
  // Libraries list them in any order.
  const all = found.toSorted((one, other) => uriOf(one).localeCompare(uriOf(other)));
  const given = options?.selector;
  const selector = typeof given === "string" ? parseSelector(given) : given;
  const wanted = all.filter((one) => one.isAskedFor);
  return {
    all,
    wanted:
      selector === undefined ? wanted : wanted.filter((one) => selects(selector, certificateOf(one).x509)),
  };
}

function noCertificate({ name }: Pkcs11Uri, all: readonly FoundCertificate[]): SignerError {
  const there =
    all.length === 0
      ? "its tokens show none without a login (add a pin-source, if it is private)"
      : `there are ${all.slice(0, 5).map(described).join("; ")}`;
  return new SignerError(
    "ERR_SIGNER_CERTIFICATE_INVALID",
    `no matching certificates: ${name} fits none; ${there}; correct the URI, or write the certificate to the token: pkcs11-tool --module LIBRARY --login --write-object FILE --type cert --id ID`,
  );
}

function certificateOf(one: FoundCertificate): EndEntityCertificate {
  const name = `"${uriOf(one)}"`;
  try {
    return endEntity(new X509Certificate(Buffer.from(one.der, "base64")), name);
  } catch (cause) {
    throw new SignerError(
      "ERR_SIGNER_CERTIFICATE_INVALID",
      `certificate ${printable(name)}: could not parse certificate: ${messageOf(cause)}; write it to the token anew, in DER form`,
      { cause },
    );
  }
}

function endOf(one: FoundCertificate): number {
  return certificateOf(one).x509.validToDate.getTime();
}

/** `CN=client, serial number 12, until 2027-01-01T00:00:00Z, pkcs11:…`. */
function described(one: FoundCertificate): string {
  const { x509, serialNumber } = certificateOf(one);
  const subject = x509.subject.split("\n").join(",");
  return printable(
    `${subject}, serial number ${serialNumber}, until ${isoSeconds(x509.validToDate)}, ${uriOf(one)}`,
    300,
  );
}

/** A URI that fits this certificate alone. */
function uriOf({ on, id, label }: FoundCertificate): string {
  const parts = [
    ["model", on.model],
    ["manufacturer", on.manufacturer],
    ["serial", on.serial],
    ["token", on.token],
  ] as const;
  const path = parts.map(([name, value]) => `${name}=${escapedText(value)}`);
  if (id !== "") path.push(`id=${escapedBytes(id)}`);
  if (label !== "") path.push(`object=${escapedText(label)}`);
  return `pkcs11:${path.join(";")};type=cert`;
}

/** Certificates of the same token on the path upwards, without the root: the service has it as its trust anchor. */
function chainOf(
  { x509 }: EndEntityCertificate,
  { on }: FoundCertificate,
  all: readonly FoundCertificate[],
): readonly Uint8Array[] {
  const others = all.filter((one) => one.on.slot === on.slot).map((one) => certificateOf(one).x509);
  const path = [x509];
  for (const below of path) {
    const issuer = others.find(
      (one) => one.ca && issued(one, below) && !path.some(({ raw }) => raw.equals(one.raw)),
    );
    if (issuer !== undefined && !issued(issuer, issuer)) path.push(issuer);
  }
  const [, ...intermediates] = path;
  return intermediates.slice(0, MAX_CHAIN_LENGTH).map(({ raw }) => raw);
}

function issued(issuer: X509Certificate, below: X509Certificate): boolean {
  return below.checkIssued(issuer) && below.verify(issuer.publicKey);
}

function publicKeyOf({ x509, name }: EndEntityCertificate): PublicKeyFacts {
  const { publicKey } = x509;
  const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  const { n = "", x = "", y = "" } = publicKey.export({ format: "jwk" });
  const hex = (base64url: string): string => Buffer.from(base64url, "base64url").toString("hex");
  switch (publicKey.asymmetricKeyType) {
    case "rsa":
      return { type: "RSA", value: hex(n), spki };
    case "ec":
      return { type: "EC", value: `04${hex(x)}${hex(y)}`, spki };
    default:
      throw new SignerError(
        "ERR_SIGNER_KEY_UNSUPPORTED",
        `the key of certificate ${name} is of type ${publicKey.asymmetricKeyType ?? "unknown"}, and PKCS#11 keys are RSA or EC here; issue a certificate for one of those`,
      );
  }
}

/** Signs on the token; when it was away, the key is looked for once more. No signature leaves that the certificate refuses. */
function signerOf(
  agent: TokenAgent,
  { x509, name }: EndEntityCertificate,
  found: number,
  open: () => Promise<number>,
): SignWith {
  let key: number | undefined = found;
  return async (message, digest) => {
    const encoded = Buffer.from(message).toString("base64");
    const signature = await withToken(agent, async () => {
      const current = key ?? (await open());
      // It is looked for anew, unless the token answers.
      key = undefined;
      const signed = await agent.call("sign", { key: current, message: encoded, digest });
      key = current;
      return Buffer.from(signed, "base64");
    });
    if (verify(digest.toLowerCase(), message, x509.publicKey, signature)) return signature;
    throw new SignerError(
      "ERR_SIGNER_KEY_MISMATCH",
      `the private key on the token does not belong to certificate ${name}; give the key that the certificate was issued for`,
    );
  };
}
