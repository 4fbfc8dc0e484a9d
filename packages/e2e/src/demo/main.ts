import { addAccountOptions, readAccountFlags } from "../account/account-flags.ts";
import type { AccountOptions } from "../account/account-flags.ts";
import { runCommand } from "../settings/command-line.ts";
import type { CommandRun } from "../settings/command-line.ts";
import { StoryError } from "../story/programs.ts";
import { createTranscript } from "../story/reporter.ts";
import { startDeployment } from "../story/start-deployment.ts";
import { openReport } from "./open-report.ts";
import type { DemoReport } from "./open-report.ts";
import { runInAccount } from "./run-in-account.ts";
import { showResult } from "./show-result.ts";

const EXAMPLES = `
Examples:
  $ npm run demo
      the whole story, in Docker where it answers; ends by itself
  $ npm run demo -- --backend process --keep
      without Docker, and everything stays up until Ctrl-C
  $ npm run demo -- --backend aws --account 123456789012 --region eu-central-1
      in an account of AWS, which is asked for first; at the end the stack is destroyed`;

interface Flags extends AccountOptions {
  readonly backend: string;
  readonly keep: boolean;
  readonly report?: string | undefined;
}

let report: DemoReport | undefined;

/** The demo: the whole story as a transcript on stdout. */
async function runDemo({
  flags,
  settings,
  signal,
  interrupted,
  misused,
}: CommandRun<Flags>): Promise<number> {
  const accountFlags = readAccountFlags(flags.backend, flags, misused);
  const environment = process.env;
  report = openReport(settings, flags.report, environment);
  const log = report?.log;
  const startedAt = Date.now();
  const reporter = createTranscript({
    write: (text) => void process.stdout.write(text),
    colour: process.stdout.isTTY && environment["NO_COLOR"] === undefined,
    columns: process.stdout.isTTY && environment["CI"] === undefined ? process.stdout.columns : undefined,
  });
  if (accountFlags !== undefined) {
    const { keep } = flags;
    return await runInAccount({ ...accountFlags, keep, environment, reporter, log, signal, interrupted });
  }
  await using deployment = await startDeployment({ settings, environment, reporter, log, signal });
  const { appUrl, sandbox } = deployment;
  await showResult(appUrl, reporter, log);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  reporter.chapter(`Done in ${seconds} s: no access key on the server, no AWS account involved.`);
  if (flags.keep) {
    reporter.result(`Open ${appUrl} in a browser. Ctrl-C stops everything.`);
    const death = await Promise.race([interrupted, sandbox.died]);
    if (death !== undefined) throw new StoryError(`${death}; its log is in ${sandbox.logDirectory}`);
  }
  return 0;
}

const exitCode = await runCommand<Flags>(
  {
    name: "demo",
    description: "Certificates, a CDK stack and a NestJS app that lists S3 objects, on this machine.",
    examples: EXAMPLES,
    takesAccounts: true,
    define: (program) =>
      addAccountOptions(
        program
          .option("--keep", "leave everything running at the end, until Ctrl-C; aws: the stack stays", false)
          .option("--report <file>", "write what happened to this file, as one HTML page"),
      ),
    run: runDemo,
    atEnd: () => report?.write(),
  },
  process.argv,
  process.env,
);
// Without this call, a step that ignores the interruption would keep the process running.
process.exit(exitCode);
