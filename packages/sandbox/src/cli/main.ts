import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { AUDIENCES, up } from "./up.ts";
import type { Audience } from "./up.ts";

const EXAMPLES = `
Examples:
  $ ra-sandbox up
      LocalStack and the Roles Anywhere mock, in Docker where it answers, until Ctrl-C
  $ ra-sandbox up --backend process --json
      without Docker; one line of JSON on stdout when ready:
      {"endpointUrl":…,"rolesAnywhereEndpoint":…,"region":…,"accountId":…}
  $ ra-sandbox up --env server --env admin
      the variables for the external server, and those for a terminal that deploys
  $ ra-sandbox up --services sqs,dynamodb --setting DEBUG=1
      more services of LocalStack, and settings for it
  $ ra-sandbox up --enforce-iam
      LocalStack refuses what the policies of role, profile and bucket do not permit to a session of Roles Anywhere
  $ ra-sandbox up --attach http://127.0.0.1:4566 --port 9912
      the mock alone, beside an emulator that already runs`;

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

/**
 * The command `ra-sandbox`.
 *
 * @param argv as in `process.argv`
 * @returns exit code: 0 done, 1 failed, 2 wrong usage
 */
async function runCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let exitCode = 0;
  const program = new Command("ra-sandbox")
    .description("LocalStack and the Roles Anywhere mock, wired to each other.")
    .version(packageVersion(), "--version")
    .addHelpText("after", EXAMPLES)
    .configureOutput({
      outputError: (text, write) => write(`ra-sandbox: ${toOneLine(text)}; see ra-sandbox --help\n`),
    })
    .exitOverride()
    .argument("[command]")
    .usage("<command> [options]")
    .action((name: string | undefined) => {
      if (name === undefined) program.outputHelp();
      else program.error(`error: unknown command "${name}"; the only one is "up"`);
    });
  program
    .command("up")
    .copyInheritedSettings(program)
    .description("starts both, stays in the foreground, and stops both on Ctrl-C")
    .addOption(
      new Option("--backend <name>", "where they run; auto takes Docker when it answers and has the images")
        .choices(["auto", "docker", "process"])
        .default("auto"),
    )
    .option("--region <region>", "AWS region", "us-east-1")
    .option("--account <id>", "AWS account id, twelve digits", "000000000000")
    .option("--port <port>", "port of the mock, 1 to 65535 (default: a free one)", toNumber)
    .option("--services <names>", "services of LocalStack to start as well, separated by commas", toList)
    .option("--setting <NAME=VALUE>", "a setting of LocalStack; may be given more than once", toSettings)
    .option("--enforce-iam", "enforce IAM policies on sessions of Roles Anywhere (or RA_ENFORCE_IAM=true)")
    .addOption(
      new Option("--secure-transport <bool>", "what aws:SecureTransport is for these policies")
        .choices(["true", "false"])
        .default("true"),
    )
    .option("--attach <url>", "use the emulator that runs at this URL, and start the mock alone")
    .option("--publish-address <ip>", "where Docker publishes the ports (default: 127.0.0.1)")
    .addOption(
      new Option(
        "--env <audience>",
        "whose variables to print: server (no access key), admin; may be given more than once (default: server)",
      ).argParser(toAudiences),
    )
    .option("--json", "print one line of JSON on stdout when ready")
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
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

function toNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("A port is a number from 1 to 65535.");
  return Number(text);
}

function toList(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}

function toSettings(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("Write it as NAME=VALUE.");
  return { ...before, [name]: value };
}

function toAudiences(text: string, before: readonly Audience[] = []): Audience[] {
  const audience = AUDIENCES.find((name) => name === text);
  if (audience === undefined) throw new InvalidArgumentError("Allowed choices are server, admin.");
  return [...new Set([...before, audience])];
}

function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

process.exitCode = await runCli(process.argv, process.env);
