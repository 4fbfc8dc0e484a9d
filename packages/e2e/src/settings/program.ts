import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { z } from "zod";

const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

/**
 * Makes the command line that all commands of this workspace have in common.
 *
 * @param name the command is called by `npm run <name>`
 * @param examples what follows the options in the help
 */
export function createProgram(name: string, description: string, examples: string): Command {
  return new Command(name)
    .description(description)
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", examples)
    .configureOutput({
      outputError: (text, write) => write(`${name}: ${toOneLine(text)}; see npm run ${name} -- --help\n`),
    })
    .allowExcessArguments(false)
    .exitOverride();
}

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

/**
 * Parses the arguments and runs the action of the program.
 *
 * @param argv of the process, with interpreter and script
 * @returns the exit code when the program ended itself: 0 after `--help` and `--version`, 2 after wrong usage
 * @throws what the action throws
 */
export async function parseArguments(program: Command, argv: readonly string[]): Promise<0 | 2 | undefined> {
  try {
    await program.parseAsync(argv);
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
