import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { messageOf, SignerError } from "../errors.ts";

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
