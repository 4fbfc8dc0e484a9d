import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { cacheFolder, isCacheName } from "../../cache/cache-entry.ts";
import { messageOf, SignerError } from "../../errors.ts";
import type { Command } from "../command.ts";

/** `ra-signer cache clear`: removes every kept session. */
export const cache: Command = {
  usageExitCode: 2,
  help: () => "Removes every session that --cache has kept.\n\nra-signer cache clear\n",
  run(words, { environment, note }) {
    if (words.length !== 1 || words[0] !== "clear") {
      throw new SignerError("ERR_SIGNER_USAGE", `expected "cache clear", got "cache ${words.join(" ")}"`);
    }
    const folder = cacheFolder(environment);
    if (folder === undefined) {
      note("there is no cache: no home directory, and RA_SIGNER_CACHE_DIR is not set");
      return Promise.resolve(0);
    }
    let removed = 0;
    for (const name of list(folder)) {
      const path = join(folder, name);
      if (!isCacheName(name) || lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) continue;
      try {
        rmSync(path, { force: true });
        removed += 1;
      } catch (cause) {
        throw new SignerError("ERR_SIGNER_FILE_UNWRITABLE", `cannot remove "${path}": ${messageOf(cause)}`, {
          path,
          cause,
        });
      }
    }
    note(`removed ${removed} files from "${folder}"`);
    return Promise.resolve(0);
  },
};

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
