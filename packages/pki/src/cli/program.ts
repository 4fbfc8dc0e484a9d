import { Command } from "commander";
import { addInitCommand } from "./commands/init.ts";
import { addIssueCommand } from "./commands/issue.ts";

const examples = `ra-pki: a private CA for AWS IAM Roles Anywhere

  $ ra-pki init
      makes pki/rootCA.pem and pki/rootCA.key: the CA, for ten years
  $ ra-pki issue --name nestjs-external-server
      makes pki/nestjs-external-server.pem and .key: a client certificate of that CA, for one year

"ra-pki --help", "ra-pki init --help" and "ra-pki issue --help" list the options.
`;

export function createProgram(): Command {
  const program = new Command("ra-pki")
    .description("A private CA for AWS IAM Roles Anywhere: the root CA, and client certificates for servers.")
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 failed or refused (nothing has changed), 2 wrong usage.\n" +
        "Messages go to stderr; stdout has only what --json asks for.",
    )
    .action(() => {
      process.stdout.write(examples);
    })
    .exitOverride();
  addInitCommand(program);
  addIssueCommand(program);
  return program;
}
