import { randomBytes } from "node:crypto";

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
