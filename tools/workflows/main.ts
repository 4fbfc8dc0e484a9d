// npm run workflows: runs the jobs of .github/workflows on this machine, with act.
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { chooseJobs, UnknownJobError } from "./choose-jobs.ts";
import { copyCheckout } from "./copy-checkout.ts";
import { findAct, NoActError } from "./find-act.ts";
import { jobEnvironment } from "./job-environment.ts";
import { readWorkflows } from "./read-workflows.ts";
import { runWorkflow } from "./run-workflow.ts";
import type { JobResult } from "./run-workflow.ts";

const NAME = "workflows";
const ROOT = resolve(import.meta.dirname, "../..");

interface Flags {
  readonly matrix: readonly string[];
  readonly list?: true | undefined;
  readonly artifacts?: string | undefined;
  readonly turboCache?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly root: string;
}

const program = new Command(NAME)
  .description(
    "Runs jobs of .github/workflows on this machine with act, each in a fresh copy of this checkout: those that are named and those that they need, else all that a push starts.",
  )
  .argument("[jobs...]", "job, or workflow/job")
  .option("--matrix <key:value>", "only these cells of a matrix; may be repeated", collect, [])
  .option("--list", "print the jobs, and why some cannot run here")
  .option("--artifacts <folder>", "keep there what jobs upload (default: it is thrown away)")
  .option(
    "--turbo-cache <folder>",
    "let jobs with the Node.js of .nvmrc share this cache (default: each run starts with an empty one)",
  )
  .option(
    "--secret-file <file>",
    'secrets for the jobs, as lines NAME="value" with \\n for line ends (default: none)',
  )
  .option("--root <folder>", "the checkout", ROOT)
  .addHelpText(
    "after",
    `
Examples:
  $ npm run workflows -- lint
  $ npm run workflows -- e2e --matrix backend:process

Exit code: 0 all jobs succeeded, 1 a job failed or a named one cannot run here, 2 wrong usage, 130 interrupted.
`,
  )
  .configureOutput({
    outputError: (text, write) =>
      write(
        `${NAME}: ${text
          .replace(/^error: /, "")
          .trim()
          .replaceAll(/\s*\n\s*/g, " ")}; see npm run ${NAME} -- --help\n`,
      ),
  })
  .exitOverride();

function collect(value: string, before: readonly string[]): string[] {
  if (!/^[\w-]+:.+$/.test(value))
    return program.error(`error: --matrix is key:value, not ${JSON.stringify(value)}`);
  return [...before, value];
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Tests run programs of the checkout as other users, who may pass through here as on a runner, and list nothing. */
function makeFolder(prefix: string): string {
  const folder = mkdtempSync(prefix);
  chmodSync(folder, 0o711);
  return folder;
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(5000) });
    return true;
  } catch {
    return false;
  }
}

async function run(names: readonly string[], flags: Flags): Promise<number> {
  const choice = await chooseJobs(readWorkflows(flags.root), names, { answers });
  const left = choice.leftOut.map(({ job, reason }) => `not run   ${job}: ${reason}`);
  if (flags.list === true) {
    const jobs = choice.workflows.flatMap(({ name, jobs: own }) => own.map(({ id }) => `${name}/${id}`));
    process.stdout.write([...jobs, ...left, ""].join("\n"));
    return 0;
  }
  const secrets = flags.secretFile === undefined ? "" : readFileSync(flags.secretFile, "utf8");
  const act = findAct(join(ROOT, ".cache", "bin"), note);
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => controller.abort());
  const folder = makeFolder(join(tmpdir(), "workflows-"));
  const results: JobResult[] = [];
  let isGreen = true;
  try {
    const source = join(folder, "checkout");
    copyCheckout(flags.root, source);
    for (const workflow of choice.workflows) {
      if (controller.signal.aborted) break;
      const done = await runWorkflow(workflow, {
        act,
        source,
        state: makeFolder(join(folder, "act-")),
        matrix: flags.matrix,
        environment: jobEnvironment(process.env, {
          RA_WORKFLOWS_ARTIFACTS:
            flags.artifacts === undefined ? join(folder, "artifacts") : resolve(flags.artifacts),
          RA_WORKFLOWS_NODES: join(ROOT, ".cache", "workflows"),
          TURBO_CACHE_DIR: flags.turboCache === undefined ? join(folder, "turbo") : resolve(flags.turboCache),
        }),
        secrets,
        log: (job, text) => text.split("\n").forEach((line) => note(`${job} | ${line}`)),
        signal: controller.signal,
      });
      results.push(...done.results);
      isGreen &&= done.isGreen;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const lines = results.map(({ name, result, seconds, failedStep }) => {
    const step =
      failedStep === undefined || result === "success" ? "" : `, in the step ${JSON.stringify(failedStep)}`;
    return `${result.padEnd(9)} ${name}: ${seconds} s${step}`;
  });
  process.stdout.write([...lines, ...left, ""].join("\n"));
  if (controller.signal.aborted) return 130;
  return isGreen && results.length > 0 && (names.length === 0 || left.length === 0) ? 0 : 1;
}

program.action(async (names: readonly string[]) => {
  try {
    process.exitCode = await run(names, program.opts<Flags>());
  } catch (error) {
    if (error instanceof UnknownJobError) program.error(`error: ${error.message}`);
    if (!(error instanceof NoActError)) throw error;
    note(`${NAME}: ${error.message}`);
    process.exitCode = 1;
  }
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
