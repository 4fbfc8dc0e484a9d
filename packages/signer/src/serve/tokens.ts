import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { SignerError, messageOf } from "../errors.ts";

/** Tokens of the instance metadata service, at most 256 that live. */
export interface TokenStore {
  /** Makes a token of 100 characters; with 256 that live, the one that ends first is dropped. */
  issue(ttlSeconds: number): string;
  /** Whole seconds that a token has left; undefined when it is unknown or has ended. */
  secondsLeft(token: string): number | undefined;
}

const MAX_TOKENS = 256;
/** 75 bytes are 100 characters in base64url. */
const TOKEN_BYTES = 75;

/** @param now Clock. */
export function createTokenStore(now: () => Date): TokenStore {
  /** End of each token in milliseconds since the epoch. */
  const ends = new Map<string, number>();

  const dropEnded = (): void => {
    const moment = now().getTime();
    for (const [token, end] of ends) if (end <= moment) ends.delete(token);
  };

  return {
    issue(ttlSeconds) {
      dropEnded();
      if (ends.size >= MAX_TOKENS) {
        const [first] = [...ends].reduce((a, b) => (b[1] < a[1] ? b : a));
        ends.delete(first);
      }
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      ends.set(token, now().getTime() + ttlSeconds * 1000);
      return token;
    },
    secondsLeft(token) {
      const leftMs = (ends.get(token) ?? 0) - now().getTime();
      return leftMs > 0 ? Math.floor(leftMs / 1000) : undefined;
    },
  };
}

/**
 * The token in a file. Read for each request, so that it can be changed at any time.
 *
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE when the file cannot be read or holds no usable token.
 */
export function readContainerToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new SignerError(
      "ERR_SIGNER_FILE_UNREADABLE",
      `cannot read the token in "${path}": ${messageOf(cause)}`,
      {
        cause,
        path,
      },
    );
  }
  // What a header can carry; an SDK refuses line breaks.
  if (/^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(token)) return token;
  throw new SignerError(
    "ERR_SIGNER_FILE_UNREADABLE",
    `"${path}" holds no token: it must be one line of printable characters; remove the file to have one made`,
    { path },
  );
}

/** Makes the file with a random token and mode 0600, unless there is one. */
export function ensureContainerToken(path: string): void {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    writeFileSync(temporary, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
    // Unlike a rename, a link never replaces what another process has just made.
    linkSync(temporary, path);
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      throw new SignerError(
        "ERR_SIGNER_FILE_UNREADABLE",
        `cannot make the token "${path}": ${messageOf(cause)}`,
        {
          cause,
          path,
        },
      );
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  readContainerToken(path);
}
