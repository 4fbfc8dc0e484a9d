import { createHash } from "node:crypto";

import { quoted, SignerError } from "../../errors.ts";
import type { Digest, PinSources } from "../protocol.ts";
import { CKK, CKM } from "./cryptoki.ts";
import type { Handle } from "./cryptoki.ts";
import type { Library, OpenToken } from "./tokens.ts";

/** A private key on a token. */
export interface TokenKey {
  readonly token: OpenToken;
  readonly handle: Handle;
  /** CKK_…; undefined when the token does not say. */
  readonly type: number | undefined;
  /** CKA_ID, hexadecimal. */
  readonly id: string;
  readonly label: string;
  /** Each signature wants the PIN anew (CKA_ALWAYS_AUTHENTICATE). */
  readonly alwaysAuthenticate: boolean;
  readonly pin: PinSources;
  readonly reusePin: boolean;
}

/** Longest signature: RSA with 16,384 bits. */
const MAX_SIGNATURE_BYTES = 2048;

/** DER of DigestInfo up to the digest itself (RFC 8017 §9.2, note 1). */
const DIGEST_INFO: Readonly<Record<Digest, string>> = {
  SHA256: "3031300d060960864801650304020105000420",
  SHA384: "3041300d060960864801650304020205000430",
  SHA512: "3051300d060960864801650304020305000440",
};

/** Signs: RSA with PKCS#1 v1.5, EC in DER. */
export async function signWith(
  key: TokenKey,
  message: Buffer,
  digest: Digest,
  { cryptoki, tokens, asking }: Library,
): Promise<Buffer> {
  const { token, handle } = key;
  const { mechanism, input } = mechanismOf(key, message, digest, cryptoki.C_GetMechanismList(token.handle));
  const login = key.alwaysAuthenticate
    ? await tokens.loginForSignature(token, key.pin, key.reusePin, quoted(key.label || key.id), asking)
    : undefined;
  cryptoki.C_SignInit(token.session, { mechanism }, handle);
  login?.();
  const signature = cryptoki.C_Sign(token.session, input, Buffer.alloc(MAX_SIGNATURE_BYTES));
  return key.type === CKK.EC ? derOf(signature) : signature;
}

/** The first mechanism that the token knows, and what it wants to be given. Tokens with little memory hash nothing. */
function mechanismOf(
  { type }: TokenKey,
  message: Buffer,
  digest: Digest,
  known: readonly number[],
): { readonly mechanism: number; readonly input: Buffer } {
  const hash = createHash(digest.toLowerCase()).update(message).digest();
  const ways =
    type === CKK.RSA
      ? [
          { mechanism: CKM[`${digest}_RSA_PKCS`], input: message },
          { mechanism: CKM.RSA_PKCS, input: Buffer.concat([Buffer.from(DIGEST_INFO[digest], "hex"), hash]) },
        ]
      : [
          { mechanism: CKM.ECDSA, input: hash },
          { mechanism: CKM[`ECDSA_${digest}`], input: message },
        ];
  const way = ways.find(({ mechanism }) => known.includes(mechanism));
  if (way !== undefined) return way;
  throw new SignerError(
    "ERR_SIGNER_KEY_UNSUPPORTED",
    type === CKK.RSA
      ? "the token knows neither CKM_SHA256_RSA_PKCS nor CKM_RSA_PKCS; Roles Anywhere takes RSA signatures of PKCS#1 v1.5 only"
      : "the token knows neither CKM_ECDSA nor CKM_ECDSA_SHA256; take another token, or an RSA key",
  );
}

/** `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) of r and s, which tokens give side by side. */
function derOf(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const body = Buffer.concat([signature.subarray(0, half), signature.subarray(half)].map(integer));
  return Buffer.concat([Buffer.from([0x30, ...lengthOf(body)]), body]);
}

function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  const positive = (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.from([0]), digits]);
  return Buffer.concat([Buffer.from([0x02, ...lengthOf(positive)]), positive]);
}

function lengthOf({ length }: Buffer): readonly number[] {
  return length < 0x80 ? [length] : [0x81, length];
}
