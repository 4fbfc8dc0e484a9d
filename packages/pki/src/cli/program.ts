import { Command } from "commander";
import { addCrl } from "./commands/crl.ts";
import { addExport } from "./commands/export.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addIntermediate } from "./commands/intermediate.ts";
import { addIssue } from "./commands/issue.ts";
import { addRenew } from "./commands/renew.ts";
import { addRequest } from "./commands/request.ts";
import { addRevoke } from "./commands/revoke.ts";
import { addStatus } from "./commands/status.ts";
import { addVerify } from "./commands/verify.ts";
import { addSign } from "./commands/sign.ts";
import type { Warn } from "./report.ts";
import { writeAll } from "./write-all.ts";

const EXAMPLES = `ra-pki: a private CA for AWS IAM Roles Anywhere

  $ ra-pki init
      makes pki/rootCA.pem and pki/rootCA.key: the CA, for ten years
  $ ra-pki issue --name nestjs-external-server
      makes pki/nestjs-external-server.pem and .key: a client certificate of that CA, for one year

  $ ra-pki inspect pki/nestjs-external-server.pem
      says whether IAM Roles Anywhere would accept it, with which tags, and why not

"ra-pki --help" lists the commands, and "ra-pki init --help" the options of one.
`;

/** In the order of `--help`. */
const COMMANDS: ReadonlyMap<string | undefined, (program: Command, warn: Warn) => void> = new Map([
  ["init", addInit],
  ["intermediate", addIntermediate],
  ["issue", addIssue],
  ["request", addRequest],
  ["sign", addSign],
  ["renew", addRenew],
  ["revoke", addRevoke],
  ["crl", addCrl],
  ["status", addStatus],
  ["inspect", addInspect],
  ["verify", addVerify],
  ["export", addExport],
]);

const EXIT_STATUS = `
Exit status: 0 done, 1 failed or refused (nothing has changed), 2 wrong usage.
Messages go to stderr; stdout has what inspect, verify and status find, and what --json asks for.`;

export interface ProgramInit {
  readonly version: string;
  readonly warn: Warn;
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
export function createProgram({ version, warn }: ProgramInit): Command {
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
  const asked = COMMANDS.get(process.argv[2]);
  for (const add of asked === undefined ? COMMANDS.values() : [asked]) add(program, warn);
  // Commands inherit this when they are added, and are to refuse what they do not know.
  program.allowExcessArguments().allowUnknownOption();
  return program;
}
