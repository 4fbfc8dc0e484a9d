import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { cacheFolder } from "../../cache/cache-place.ts";
import { SignerError } from "../../errors.ts";
import type { Command } from "../command.ts";

/** Names of entries, their locks, failures and temporary files; nothing else in the folder is ours. */
const OURS = /^\d+-\d+\.\d+-\d+(\.|$)/;

/** `ra-signer cache clear`: removes every kept session. */
export const cache: Command = {
  usageExitCode: 2,
  help: () => "Removes every session that --cache has kept.\n\nra-signer cache clear\n",
  run(words, { environment, note }) {
    if (words.length !== 1 || words[0] !== "clear") {
      throw new SignerError("ERR_SIGNER_USAGE", `expected "cache clear", got "cache ${words.join(" ")}"`);
    }
    const folder = cacheFolder(environment);
    const names = list(folder).filter((name) => OURS.test(name));
    for (const name of names) rmSync(join(folder, name), { force: true });
    note(`removed ${names.length} files from "${folder}"`);
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
