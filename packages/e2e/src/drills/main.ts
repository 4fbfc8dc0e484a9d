import { openEventLog } from "../report/event-log.ts";
import { runCommand } from "../settings/command-line.ts";
import type { CommandRun } from "../settings/command-line.ts";
import type { DrillRecord } from "../report/records.ts";
import { runDrill } from "./drill.ts";
import type { Drill } from "./drill.ts";
import { printDrillsTo } from "./print-drill.ts";

const EXAMPLES = `
Examples:
  $ npm run drill
      every drill, on one sandbox
  $ npm run drill stolen-key
      one of them
  $ npm run drill -- --list
      their names, with what each one proves

Exit codes: 0 every drill passed, 1 one failed, 2 wrong usage`;

interface Flags {
  readonly backend: string;
  readonly list?: true;
}

/** Loads the CDK, which takes its time: nobody wants to wait for that who asks for help. */
async function load() {
  const { DRILLS } = await import("./all-drills.ts");
  const { startWorld } = await import("./world.ts");
  return { DRILLS, startWorld };
}

async function runDrills({ flags, operands, settings, signal, misused }: CommandRun<Flags>): Promise<number> {
  const { DRILLS, startWorld } = await load();
  const write = (text: string): void => void process.stdout.write(text);
  if (flags.list === true) {
    for (const { name, claim } of DRILLS) write(`${name.padEnd(22)} ${claim}\n`);
    return 0;
  }
  const [name] = operands;
  const chosen = name === undefined ? DRILLS : DRILLS.filter((drill) => drill.name === name);
  if (chosen.length === 0)
    misused(`there is no drill ${JSON.stringify(name)}; --list shows those that there are`);
  const printer = printDrillsTo(write, process.stdout.isTTY && process.env["NO_COLOR"] === undefined);
  await using world = await startWorld({
    backend: settings.backend,
    environment: process.env,
    signal,
    onProgress: (line) => void process.stderr.write(`${line}\n`),
  });
  const { reportFolder } = settings;
  const log = reportFolder === undefined ? undefined : openEventLog(reportFolder, "drills");
  const { backend } = world.sandbox;
  log?.add({ kind: "run", at: new Date().toISOString(), name: "drills", backend });
  const run = async (drill: Drill): Promise<DrillRecord> => {
    signal.throwIfAborted();
    printer.begin(drill);
    const record = await runDrill(drill, world, { onStep: (step) => printer.step(step) });
    printer.end(drill, record);
    log?.add(record);
    return record;
  };
  const failed: string[] = [];
  let seconds = 0;
  for (const drill of chosen) {
    const record = await run(drill);
    seconds += record.seconds;
    if (record.verdict === "failed") failed.push(drill.name);
  }
  const verdict = failed.length === 0 ? "all passed" : `failed: ${failed.join(", ")}`;
  if (chosen.length > 1) write(`\n${chosen.length} drills in ${Math.round(seconds)} s, ${verdict}\n`);
  return failed.length === 0 ? 0 : 1;
}

const exitCode = await runCommand<Flags>(
  {
    name: "drill",
    description:
      "Exercises: somebody attacks or repairs something, and each answer of AWS is compared with the expected one.",
    examples: EXAMPLES,
    define: (program) =>
      void program
        .argument("[name]", "the drill to run (default: all)")
        .option("--list", "print the names of the drills and what each one proves"),
    run: runDrills,
  },
  process.argv,
  process.env,
);
// Without this call, a step that ignores the interruption would keep the process running.
process.exit(exitCode);
