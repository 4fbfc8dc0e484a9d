import { Option } from "commander";
import type { Command } from "commander";
import { SandboxError } from "@roles-anywhere/sandbox";
import { LeftBehindError, StoryError } from "../story/programs.ts";
import { createProgram, parseArguments } from "./program.ts";
import { readSettings } from "./read-settings.ts";
import type { Settings } from "./read-settings.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The parts of a command of this repository: it is called by `npm run <name>`, and it starts a sandbox. */
export interface CommandInit<Flags extends { backend: string }> {
  readonly name: string;
  readonly description: string;
  /** What follows the options in the help. */
  readonly examples: string;
  /** Whether `--backend aws` may be given: only there, and not in `RA_BACKEND`, does a person choose an account. */
  readonly takesAccounts?: boolean | undefined;
  /** Adds arguments and options. */
  readonly define: (program: Command) => void;
  /** @returns the exit code */
  readonly run: (run: CommandRun<Flags>) => Promise<number>;
  /** Runs at the end, also after a failure or an interruption, when these have been said. */
  readonly atEnd?: (() => void) | undefined;
}

export interface CommandRun<Flags> {
  readonly flags: Flags;
  readonly operands: readonly string[];
  readonly settings: Settings;
  /** Aborted by the first SIGINT (Ctrl-C), SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Settles when that happens. */
  readonly interrupted: Promise<undefined>;
  /** Ends the command with exit code 2 and one line. */
  readonly misused: (complaint: string) => never;
}

/**
 * Runs a command.
 *
 * @param argv of the process, with interpreter and script
 * @returns exit code: that of `run`; 1 when the story or the sandbox failed, 2 wrong usage, 130 interrupted
 */
export async function runCommand<Flags extends { backend: string }>(
  init: CommandInit<Flags>,
  argv: readonly string[],
  environment: Environment,
): Promise<number> {
  const { name } = init;
  let exitCode = 0;
  const program = createProgram(name, init.description, init.examples).addOption(
    new Option("--backend <name>", "where they run; auto takes Docker when it answers and has the images")
      .choices(["auto", "docker", "process", ...(init.takesAccounts === true ? ["aws"] : [])])
      .default(environment["RA_BACKEND"] || "auto"),
  );
  init.define(program);
  program.action(async () => {
    const flags = program.opts<Flags>();
    const misused = (complaint: string): never => program.error(`error: ${complaint}`);
    const isGiven = program.getOptionValueSource("backend") === "cli";
    // In an account the external server consists of processes of this machine.
    const backend = flags.backend === "aws" && isGiven ? "process" : flags.backend;
    const settings = settingsOf({ ...environment, RA_BACKEND: backend }, misused);
    const operands = program.args;
    exitCode = await runInterruptibly(name, (signal, interrupted) =>
      init.run({ flags, operands, settings, signal, interrupted, misused }),
    );
    try {
      init.atEnd?.();
    } catch (error) {
      exitCode = fail(name, error);
    }
  });
  return (await parseArguments(program, argv)) ?? exitCode;
}

function settingsOf(environment: Environment, misused: (complaint: string) => never): Settings {
  try {
    return readSettings(environment);
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error));
  }
}

async function runInterruptibly(
  name: string,
  run: (signal: AbortSignal, interrupted: Promise<undefined>) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const { promise: interrupted, resolve } = Promise.withResolvers<undefined>();
  for (const signalName of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Further signals are ignored while everything is being stopped. After a SIGKILL the supervisors stop everything.
    process.on(signalName, () => {
      controller.abort(new StoryError(`interrupted by ${signalName}`));
      resolve(undefined);
    });
  }
  try {
    return await run(controller.signal, interrupted);
  } catch (error) {
    if (controller.signal.aborted && !(error instanceof LeftBehindError)) {
      process.stderr.write(`${name}: interrupted; everything that it started is stopped\n`);
      return 130;
    }
    return fail(name, error);
  }
}

/** Says what failed. @returns the exit code. @throws an error that nobody foresaw */
function fail(name: string, error: unknown): number {
  if (!(error instanceof StoryError || error instanceof SandboxError)) throw error;
  process.stderr.write(`${name}: ${error.message}\n`);
  return 1;
}
