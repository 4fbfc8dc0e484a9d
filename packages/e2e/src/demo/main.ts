import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { z } from "zod";
import { SandboxError } from "@roles-anywhere/sandbox";
import { readSettings } from "../settings/read-settings.ts";
import type { Settings } from "../settings/read-settings.ts";
import { StoryError } from "../story/programs.ts";
import { createTranscript } from "../story/reporter.ts";
import { startDeployment } from "../story/start-deployment.ts";
import type { EventLog } from "../report/event-log.ts";
import { openReport } from "./open-report.ts";
import { showResult } from "./show-result.ts";

const EXAMPLES = `
Examples:
  $ npm run demo
      the whole story, in Docker where it answers; ends by itself
  $ npm run demo -- --backend process --keep
      without Docker, and everything stays up until Ctrl-C`;

const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

interface DemoFlags {
  backend: string;
  keep: boolean;
  report?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

/**
 * The demo: the whole story as a transcript on stdout.
 *
 * @returns exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
async function runCli(argv: readonly string[], environment: Environment): Promise<number> {
  let exitCode = 0;
  const program = new Command("demo")
    .description("Certificates, a CDK stack and a NestJS app that lists S3 objects, on this machine.")
    .addOption(
      new Option("--backend <name>", "where they run; auto takes Docker when it answers and has the images")
        .choices(["auto", "docker", "process"])
        .default(environment["RA_BACKEND"] || "auto"),
    )
    .option("--keep", "leave everything running at the end, until Ctrl-C", false)
    .option("--report <file>", "write what happened to this file, as one HTML page")
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXAMPLES)
    .configureOutput({
      outputError: (text, write) => write(`demo: ${toOneLine(text)}; see npm run demo -- --help\n`),
    })
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (flags: DemoFlags) => {
      let settings: Settings;
      try {
        settings = readSettings({ ...environment, RA_BACKEND: flags.backend });
      } catch (error) {
        return program.error(`error: ${error instanceof Error ? error.message : String(error)}`);
      }
      try {
        const report = openReport(settings, flags.report, environment);
        exitCode = await runDemo(settings, flags.keep, environment, report?.log);
        report?.write();
      } catch (error) {
        exitCode = fail(error);
      }
    });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  return exitCode;
}

async function runDemo(
  settings: Settings,
  keep: boolean,
  environment: Environment,
  log: EventLog | undefined,
): Promise<number> {
  const startedAt = Date.now();
  const interrupt = interruptible();
  const reporter = createTranscript({
    write: (text) => void process.stdout.write(text),
    colour: process.stdout.isTTY && environment["NO_COLOR"] === undefined,
    columns: process.stdout.isTTY && environment["CI"] === undefined ? process.stdout.columns : undefined,
  });
  try {
    await using deployment = await startDeployment({
      settings,
      environment,
      reporter,
      log,
      signal: interrupt.signal,
    });
    const { appUrl, sandbox } = deployment;
    await showResult(appUrl, reporter, log);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    reporter.chapter(`Done in ${seconds} s: no access key on the server, no AWS account involved.`);
    if (keep) {
      reporter.result(`Open ${appUrl} in a browser. Ctrl-C stops everything.`);
      const death = await Promise.race([interrupt.happened, sandbox.died]);
      if (death !== undefined) throw new StoryError(`${death}; its log is in ${sandbox.logDirectory}`);
    }
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) {
      process.stderr.write("demo: interrupted; everything that it started is stopped\n");
      return 130;
    }
    return fail(error);
  }
}

/** Says what failed. @returns the exit code. @throws an error that nobody foresaw */
function fail(error: unknown): number {
  if (!(error instanceof StoryError || error instanceof SandboxError)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  return 1;
}

/** An abort signal and a promise, which the first SIGINT (Ctrl-C), SIGTERM or SIGHUP aborts and resolves. */
function interruptible(): { signal: AbortSignal; happened: Promise<undefined> } {
  const controller = new AbortController();
  const { promise, resolve } = Promise.withResolvers<undefined>();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Further signals are ignored while everything is being stopped. After a SIGKILL the supervisors stop everything.
    process.on(name, () => {
      controller.abort(new StoryError(`interrupted by ${name}`));
      resolve(undefined);
    });
  }
  return { signal: controller.signal, happened: promise };
}

// Without this call, a step that ignores the interruption would keep the process running.
process.exit(await runCli(process.argv, process.env));
