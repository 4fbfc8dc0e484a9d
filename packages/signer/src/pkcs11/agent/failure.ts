import { messageOf, SignerError } from "../../errors.ts";
import type { SignerErrorCode } from "../../errors.ts";
import { ckrOf } from "./cryptoki.ts";

/** What an error of a PKCS#11 library means, and what to do about it. */
interface Explanation {
  readonly words: string;
  readonly remedy: string;
  readonly code?: SignerErrorCode;
  /** It may work with a new session, or with the library started anew. */
  readonly isLost?: true;
}

const GONE = {
  remedy: "put the token back, and check that its reader or service (pcscd, a network HSM's client) runs",
  isLost: true,
} as const;
const NO_SESSION = { remedy: "try again; if it stays so, restart the program", isLost: true } as const;

/** The ones that people meet, by number: https://docs.oasis-open.org/pkcs11/pkcs11-base/v2.40/os/ */
const EXPLANATIONS: ReadonlyMap<number, Explanation> = new Map<number, Explanation>([
  [0x2, { words: "the library or machine is out of memory", remedy: "free memory, and try again" }],
  [0x3, { words: "the slot is unknown to the library", ...GONE }],
  [
    0x5,
    {
      words: "the library gives no reason",
      remedy: "see the library's own log; is the token's storage readable and writable for this user?",
      isLost: true,
    },
  ],
  [0x6, { words: "the library cannot do it", remedy: "see the library's own log" }],
  [0x30, { words: "the device reports an error", ...GONE }],
  [0x31, { words: "the device is out of memory", remedy: "end other programs that use the token" }],
  [0x32, { words: "the token was removed", ...GONE }],
  [0x60, { words: "the key is gone", ...NO_SESSION }],
  [
    0x62,
    {
      words: "the key does not fit its size to the mechanism",
      remedy: "take a key of 2048 bits or more, or on P-256",
    },
  ],
  [
    0x63,
    {
      words: "the key is not of the type that its certificate says",
      remedy: "give the key of this certificate",
    },
  ],
  [
    0x68,
    {
      words: "the key must not sign",
      remedy: "make a key that may sign (CKA_SIGN)",
      code: "ERR_SIGNER_KEY_UNSUPPORTED",
    },
  ],
  [
    0x70,
    {
      words: "the token does not know the mechanism",
      remedy: "see what it knows: pkcs11-tool --module LIBRARY --list-mechanisms",
      code: "ERR_SIGNER_KEY_UNSUPPORTED",
    },
  ],
  [0x82, { words: "the object is gone", ...NO_SESSION }],
  [0x90, { words: "an earlier operation of the session has not ended", ...NO_SESSION }],
  [0xb0, { words: "the session was closed", ...NO_SESSION }],
  [
    0xb1,
    {
      words: "the token has no session left",
      remedy: "end other programs that use the token, or raise its limit of sessions",
    },
  ],
  [0xb3, { words: "the session is gone", ...NO_SESSION }],
  [0xe0, { words: "there is no token in the slot", ...GONE }],
  [0xe1, { words: "the library does not recognise the token", ...GONE }],
  [
    0xe2,
    {
      words: "the token is write-protected",
      remedy: "this program only reads; another setting of the library seems to ask for write access",
    },
  ],
  [0x101, { words: "nobody is logged in any more", ...NO_SESSION }],
  [
    0x104,
    {
      words: "another user type is logged in",
      remedy: "end the program that is logged in as security officer",
    },
  ],
  [0x190, { words: "the library was not started", ...NO_SESSION }],
  [0x50, { words: "the token gave up waiting", remedy: "touch it when it blinks, and try again" }],
  [0x200, { words: "it was refused at the token's own dialogue", remedy: "try again, and confirm it there" }],
]);

/** An error of the library, in words. */
export function tokenFailure(error: unknown, what: string): SignerError {
  if (error instanceof SignerError) return error;
  const ckr = ckrOf(error);
  const explanation = EXPLANATIONS.get(ckr);
  const name = messageOf(error);
  if (explanation === undefined) {
    const number = ckr === -1 ? "" : ` (0x${ckr.toString(16)})`;
    return new SignerError(
      "ERR_SIGNER_TOKEN_FAILED",
      `${what} failed: ${name}${number}; see the library's own log, and try: pkcs11-tool --module LIBRARY --test --login`,
    );
  }
  const { words, remedy, code = "ERR_SIGNER_TOKEN_FAILED" } = explanation;
  return new SignerError(code, `${what} failed: ${words} (${name}); ${remedy}`);
}

/** A key that this process knew before it was reset. */
export class ForgottenKeyError extends SignerError {
  constructor() {
    super(
      "ERR_SIGNER_TOKEN_FAILED",
      "the key was forgotten, because the token was lost meanwhile; try again",
    );
  }
}

/** Whether an error goes away when session, token or library come back. */
export function isLost(error: unknown): boolean {
  if (error instanceof ForgottenKeyError) return true;
  return EXPLANATIONS.get(ckrOf(error))?.isLost === true;
}
