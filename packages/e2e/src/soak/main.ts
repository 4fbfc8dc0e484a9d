import { InvalidArgumentError } from "commander";
import { openEventLog } from "../report/event-log.ts";
import { runCommand } from "../settings/command-line.ts";
import type { CommandRun } from "../settings/command-line.ts";
import { runSoak } from "./run-soak.ts";
import type { SoakResult } from "./run-soak.ts";

const EXAMPLES = `
Examples:
  $ npm run soak
      200 renewals, about ten minutes
  $ npm run soak -- --renewals 10 --backend process
      each fault once

Exit codes: 0 no request failed and no heap grew, 1 one did, 2 wrong usage`;

/** How much a heap may grow in the measured time, as a part of its size. */
const MOST_GROWTH = 0.1;

interface Flags {
  readonly backend: string;
  readonly renewals: number;
}

async function soak({ flags, settings, signal }: CommandRun<Flags>): Promise<number> {
  const result = await runSoak({
    ...{ backend: settings.backend, renewals: flags.renewals, environment: process.env, signal },
    onProgress: (line) => void process.stderr.write(`${line}\n`),
  });
  const { reportFolder } = settings;
  if (reportFolder !== undefined) openEventLog(reportFolder, "soak").add(result.record);
  for (const line of report(result)) process.stdout.write(`${line}\n`);
  const isFlat = result.heapGrowths.every((growth) => growth === undefined || growth <= MOST_GROWTH);
  return result.failures.length === 0 && isFlat ? 0 : 1;
}

/** The result as lines for people. */
function report({
  total,
  record: { renewals, faults },
  failures,
  heapGrowths,
}: SoakResult): readonly string[] {
  const percent = (growth: number | undefined): string =>
    growth === undefined ? "too short to tell" : `${(growth * 100).toFixed(1)} %`;
  const kinds = [...new Set(faults.map(({ text }) => text))];
  return [
    `requests      ${total.requests}, of which ${total.failures} failed`,
    `answered in   ${total.p50Milliseconds} ms (p50), ${total.p99Milliseconds} ms (p99)`,
    `renewals      ${renewals.length}`,
    `faults        ${faults.length}`,
    ...kinds.map((kind) => `              ${faults.filter(({ text }) => text === kind).length} × ${kind}`),
    `heap growth   ${heapGrowths.map(percent).join(", ")} (at most ${MOST_GROWTH * 100} %)`,
    ...failures.slice(0, 20).map((failure) => `failed        ${failure}`),
  ];
}

function toRenewals(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is a whole number from 1 to 99999.");
}

const exitCode = await runCommand<Flags>(
  {
    name: "soak",
    description:
      "Apps serve requests and renew their sessions all the time, while one thing after the other fails.",
    examples: EXAMPLES,
    define: (program) =>
      void program.option("--renewals <count>", "end after so many renewals", toRenewals, 200),
    run: soak,
  },
  process.argv,
  process.env,
);
// Without this call, a step that ignores the interruption would keep the process running.
process.exit(exitCode);
