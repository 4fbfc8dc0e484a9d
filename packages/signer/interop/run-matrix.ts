import { availableParallelism } from "node:os";

import { judgeRow } from "./judge-row.ts";
import type { JudgedRow } from "./judge-row.ts";
import { openLab } from "./lab.ts";
import type { Lab } from "./lab.ts";
import type { Row } from "./row.ts";
import type { Program } from "./run-program.ts";

export interface MatrixOptions {
  readonly ours: Program;
  readonly helper: Program;
  readonly rows: readonly Row[];
  /** @default one of its own */
  readonly lab?: Lab;
}

/** Runs all rows through both programs, several at a time, and returns the verdicts in the order of the rows. */
export async function runMatrix(options: MatrixOptions): Promise<readonly JudgedRow[]> {
  const { ours, helper, rows, lab = openLab() } = options;
  const verdicts: JudgedRow[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next; index < rows.length; index = next) {
      next += 1;
      const row = rows[index];
      if (row === undefined) return;
      verdicts[index] = await runRow(row, ours, helper, lab);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() * 2 }, work));
  } finally {
    if (options.lab === undefined) await lab.close();
  }
  return verdicts;
}

async function runRow(row: Row, ours: Program, helper: Program, lab: Lab): Promise<JudgedRow> {
  if (row.skipped !== undefined) {
    return { name: row.name, verdict: "skipped", reason: row.skipped, problems: [] };
  }
  try {
    const [here, there] = await Promise.all([row.observe(ours, lab), row.observe(helper, lab)]);
    return judgeRow(row, here, there);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { name: row.name, verdict: "different", problems: [problem] };
  }
}
