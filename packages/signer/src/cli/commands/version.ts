import { VERSION } from "../../version.ts";
import type { Command } from "../command.ts";
import { parseFlags } from "../parse-flags.ts";

/** `ra-signer version`. */
export const version: Command = {
  usageExitCode: 1,
  help: () => "Prints the version.\n\nra-signer version\n",
  run(words, { out }) {
    parseFlags({}, words);
    out(`${VERSION}\n`);
    return Promise.resolve(0);
  },
};
