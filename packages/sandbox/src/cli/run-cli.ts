import { Command, CommanderError, Option } from "commander";
import { up, type UpOptions } from "./up.ts";

const examples = `
Examples:
  $ ra-sandbox up
      LocalStack and the Roles Anywhere mock, in Docker where it answers, until Ctrl-C
  $ ra-sandbox up --backend process --json
      without Docker; one line of JSON on stdout when ready:
      {"endpointUrl":…,"rolesAnywhereEndpoint":…,"region":…,"accountId":…}`;

/**
 * The command `ra-sandbox`.
 *
 * @param argv as in `process.argv`
 * @returns exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let exitCode = 0;
  const program = new Command("ra-sandbox")
    .description("LocalStack and the Roles Anywhere mock, wired to each other.")
    .addHelpText("after", examples)
    .exitOverride()
    .argument("[command]")
    .usage("<command> [options]")
    .action((name: string | undefined) => {
      if (name === undefined) program.outputHelp();
      else program.error(`ra-sandbox: unknown command "${name}"; the only one is "up"`);
    });
  program
    .command("up")
    .description("starts both, stays in the foreground, and stops both on Ctrl-C")
    .addOption(
      new Option("--backend <name>", "where they run; auto takes Docker when it answers")
        .choices(["auto", "docker", "process"])
        .default("auto"),
    )
    .option("--region <region>", "AWS region", "us-east-1")
    .option("--account <id>", "AWS account id, twelve digits", "000000000000")
    .option("--json", "print one line of JSON on stdout when ready")
    .action(async (options: UpOptions) => {
      exitCode = await up(options, environment);
    });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return exitCode;
}
