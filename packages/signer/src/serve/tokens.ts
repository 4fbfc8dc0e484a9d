import { randomBytes } from "node:crypto";

import { createFile, readJudged } from "@roles-anywhere/files";

import { messageOf, SignerError } from "../errors.ts";
import { exposureOf } from "../keys/identity.ts";

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

export function createTokenStore(now: () => Date): TokenStore {
  /** End of each token in milliseconds since the epoch; some have passed. */
  const ends = new Map<string, number>();
  return {
    issue(ttlSeconds) {
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

/** No token that somebody chose with care is shorter. */
const MIN_TOKEN_LENGTH = 6;

/**
 * The token in a file. Read for each request, so that it can be changed at any time.
 *
 * @param warn Hears that others may read the file. @default nobody
 * @throws {SignerError} ERR_SIGNER_FILE_UNREADABLE when the file cannot be read, is none (a folder, a named pipe, a device),
 *   belongs to another user than this one and root, or holds no usable token.
 */
export function readContainerToken(path: string, warn?: (warning: string) => void): string {
  let token: string;
  try {
    const bytes = readJudged(path, (stats) => {
      if (!stats.isFile()) throw new Error("it is no file");
      const isOwn = process.platform === "win32" || stats.uid === 0 || stats.uid === process.geteuid?.();
      if (!isOwn) throw new Error("it belongs to another user, who knows and may change the token");
      const exposure = exposureOf(stats);
      if (exposure !== undefined) {
        warn?.(`token file "${path}" has mode ${exposure.mode}; make it private: ${exposure.remedy}`);
      }
    });
    token = bytes.toString("utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw refusal(path, `cannot read the token in "${path}": ${messageOf(cause)}`, cause);
  }
  // What a header can carry; an SDK refuses line breaks.
  if (!/^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(token)) {
    throw refusal(
      path,
      `"${path}" holds no token: it must be one line of printable characters; remove the file to have one made`,
    );
  }
  if (token.length >= MIN_TOKEN_LENGTH) return token;
  throw refusal(path, `the token in "${path}" is too short to be a secret; remove the file to have one made`);
}

/**
 * Makes the file with a random token and mode 0600, unless there is one.
 *
 * @param warn Hears that others may read the file that is there.
 * @throws {SignerError} as {@link readContainerToken} does, and when the file cannot be made.
 */
export function ensureContainerToken(path: string, warn?: (warning: string) => void): void {
  try {
    // This never replaces what another process has just made.
    createFile(path, randomBytes(32).toString("base64url"));
  } catch (cause) {
    throw refusal(path, `cannot make the token "${path}": ${messageOf(cause)}`, cause);
  }
  readContainerToken(path, warn);
}

function refusal(path: string, reason: string, cause?: unknown): SignerError {
  return new SignerError("ERR_SIGNER_FILE_UNREADABLE", reason, { cause, path });
}
