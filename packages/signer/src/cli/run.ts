import { writeAll } from "@roles-anywhere/files";

import { messageOf, printable } from "../errors.ts";
import type { Command, CommandContext } from "./command.ts";

/** A certificate chain in a header that `--debug` shows is longer than any message. */
const MAX_LINE_LENGTH = 32_000;

const context: CommandContext = {
  environment: process.env,
  out: (data) => writeAll(1, data),
  note(text) {
    // Lines that the program writes stay lines, whatever others wrote is escaped.
    const lines = text.split("\n").map((line) => printable(line, MAX_LINE_LENGTH));
    writeAll(2, `${lines.join("\n")}\n`);
  },
};

/**
 * Ends the process with the exit code of what it runs, or with 1 and a line on stderr. Leaving at once, with all output
 * written, spares the time that an orderly end of the process takes.
 */
export function runProcess(main: (context: CommandContext) => Promise<number>): void {
  main(context).then(
    (code) => process.exit(code),
    (error: unknown) => {
      // A reader that closed its end gets no stack trace; there may be nobody left to tell.
      try {
        context.note(`ra-signer: ${messageOf(error)}`);
      } finally {
        process.exit(1);
      }
    },
  );
}

/**
 * Runs a command, or shows its help; a failure becomes a line on stderr.
 *
 * @returns Exit code.
 */
export async function runCommand(
  name: string,
  command: Command,
  words: readonly string[],
  context: CommandContext,
): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) {
    context.out(command.help());
    return 0;
  }
  try {
    return await command.run(words, context);
  } catch (error) {
    const usage = error instanceof Error && "code" in error && error.code === "ERR_SIGNER_USAGE";
    const hint = usage ? `; see ra-signer ${name} --help` : "";
    context.note(`ra-signer: ${messageOf(error)}${hint}`);
    return usage ? command.usageExitCode : 1;
  }
}
