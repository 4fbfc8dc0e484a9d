import { Command } from "commander";
import { writeAll } from "@roles-anywhere/files";
import type { Warn } from "./report.ts";

const EXAMPLES = `ra-pki: a private CA for AWS IAM Roles Anywhere

  $ ra-pki init
      makes pki/rootCA.pem and pki/rootCA.key: the CA, for ten years
  $ ra-pki issue --name nestjs-external-server
      makes pki/nestjs-external-server.pem and .key: a client certificate of that CA, for one year

  $ ra-pki inspect pki/nestjs-external-server.pem
      says whether IAM Roles Anywhere would accept it, with which tags, and why not

"ra-pki --help" lists the commands, and "ra-pki init --help" the options of one.
`;

/** The functions that add a command to the program, by its name and in the order of `--help`. */
export type Commands = ReadonlyMap<string | undefined, (program: Command, warn: Warn) => void>;

const EXIT_STATUS = `
Exit status: 0 done, 1 failed or refused (nothing has changed), 2 wrong usage.
Messages go to stderr; stdout has what inspect, verify and status find, and what --json asks for.`;

export interface ProgramInit {
  readonly version: string;
  readonly warn: Warn;
  readonly commands: Commands;
}

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

/** Makes the command `ra-pki`. When arguments are wrong, it prints the error and then throws a CommanderError. */
export function createProgram({ version, warn, commands }: ProgramInit): Command {
  const program = new Command("ra-pki")
    .description(
      "A private CA for AWS IAM Roles Anywhere: root and intermediate CAs, and client certificates.",
    )
    .version(version, "--version", "print the version")
    .addHelpText(
      "after",
      `\nExample:\n  ra-pki init && ra-pki issue --name nestjs-external-server\n${EXIT_STATUS}`,
    )
    .configureOutput({ outputError: (text) => warn(`${toOneLine(text)}; see ra-pki --help`) })
    .exitOverride()
    .helpCommand(true)
    .action((_flags, { args: [first] }: Command) => {
      if (first === undefined) writeAll(1, EXAMPLES);
      else if (first.startsWith("-")) program.error(`error: unknown option '${first}'`);
      else program.error(`error: there is no command ${first}`);
    });
  // Each command loads what it works with when it runs. The one that is asked for is added alone: to describe all takes longer.
  const asked = commands.get(process.argv[2]);
  for (const add of asked === undefined ? commands.values() : [asked]) add(program, warn);
  // Commands inherit this when they are added, and are to refuse what they do not know.
  program.allowExcessArguments().allowUnknownOption();
  return program;
}
