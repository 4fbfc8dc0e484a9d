import { createHmac, createSecretKey, hash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { getCanonicalHeaders, SignatureV4Base } from "@smithy/signature-v4";
import { groupByName, indexHeaders, parseQuery, splitTarget } from "./received.ts";
import type { SignedRequest } from "./received.ts";
import { S3_SIGNING_NAMES } from "./scope.ts";
import type { SignatureClaim } from "./scope.ts";

/** Signing keys that are kept: clients sign many requests a day with one key. */
const MAX_SIGNING_KEYS = 1000;

/** The canonical form of the AWS SDK's own signer. Hashes and keys come from node:crypto, which is faster. */
class CanonicalForm extends SignatureV4Base {
  constructor(uriEscapePath: boolean) {
    const credentials = { accessKeyId: "", secretAccessKey: "" };
    super({ credentials, region: "", service: "", sha256: Sha256, uriEscapePath });
  }

  write(
    request: Parameters<SignatureV4Base["createCanonicalRequest"]>[0],
    signedHeaders: ReadonlySet<string>,
    payloadHash: string,
  ): string {
    // By default the library leaves out headers that proxies change. Here all count that the client signed.
    const headers = getCanonicalHeaders(request, undefined, new Set(signedHeaders));
    return this.createCanonicalRequest(request, headers, payloadHash);
  }
}

/** S3 encodes the path once, every other service twice. */
const FORMS = { s3: new CanonicalForm(false), other: new CanonicalForm(true) };

/**
 * Signs a request as received.
 *
 * @param payloadHash last line of the canonical request
 * @returns the 32 bytes of the signature; `undefined` when what was received cannot have been signed
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function calculateSignature(
  request: SignedRequest,
  claim: SignatureClaim,
  secretAccessKey: string,
  payloadHash: string,
): Buffer | undefined {
  const { path, query } = splitTarget(request.path);
  const isS3 = S3_SIGNING_NAMES.has(claim.service);
  const canonicalPath = isS3 ? encodeOnce(path) : path;
  const parameters = groupByName(
    (parseQuery(query) ?? [["__proto__", ""]]).filter(
      ([name]) => !claim.presigned || name !== "X-Amz-Signature",
    ),
  );
  const received = indexHeaders(request.headers);
  const headers = claim.signedHeaders.map((name) => [name, received.get(name)?.join(",")] as const);
  // The library drops a parameter of this name, so the signature would not cover it.
  if (canonicalPath === undefined || parameters.has("__proto__")) return undefined;
  if (headers.some(([, value]) => value === undefined)) return undefined;
  const form = isS3 ? FORMS.s3 : FORMS.other;
  const canonical = form.write(
    {
      method: request.method,
      protocol: "http:",
      hostname: "",
      path: canonicalPath,
      query: Object.fromEntries(parameters),
      headers: Object.fromEntries(headers.map(([name, value = ""]) => [name, value])),
    },
    new Set(claim.signedHeaders),
    payloadHash,
  );
  const scope = `${claim.scopeDate}/${claim.region}/${claim.service}/${claim.terminator}`;
  const text = ["AWS4-HMAC-SHA256", claim.amzDate, scope, hash("sha256", canonical)].join("\n");
  return hmac(signingKeyOf(secretAccessKey, scope), text);
}

/** Brings a path to the one form in which it is signed, however the client encoded it on the wire. */
function encodeOnce(path: string): string | undefined {
  try {
    return path
      .split("/")
      .map((segment) => encodeURIComponent(decodeURIComponent(segment)).replaceAll(/[!'()*]/gu, escapeByte))
      .join("/");
  } catch {
    return undefined;
  }
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

const signingKeys = new Map<string, KeyObject>();

/** The key of one day, region and service. The keys used last are kept. */
function signingKeyOf(secretAccessKey: string, scope: string): KeyObject {
  const name = `${scope}/${secretAccessKey}`;
  const known = signingKeys.get(name);
  signingKeys.delete(name);
  // A key object: createHmac takes five times as long to make one of bytes as to sign.
  const key = known ?? deriveKey(secretAccessKey, scope);
  signingKeys.set(name, key);
  if (signingKeys.size > MAX_SIGNING_KEYS) {
    for (const oldest of signingKeys.keys()) {
      signingKeys.delete(oldest);
      break;
    }
  }
  return key;
}

function deriveKey(secretAccessKey: string, scope: string): KeyObject {
  return createSecretKey(scope.split("/").reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`)));
}

function hmac(key: KeyObject | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
