import type { JudgedRow, Verdict } from "./judge-row.ts";

const VERDICTS: readonly Verdict[] = ["equal", "declared", "vanished", "different", "skipped"];
const WIDTH = Math.max(...VERDICTS.map(({ length }) => length));

/** The verdicts as a table, what is wrong below it, and the counts in the last line. */
export function formatReport(rows: readonly JudgedRow[]): string {
  const width = Math.max(...rows.map(({ name, reason }) => (reason === undefined ? 0 : name.length)), 0);
  const table = rows.map(
    ({ name, verdict, reason }) =>
      `${verdict.padEnd(WIDTH)}  ${reason === undefined ? name : `${name.padEnd(width)}  ${reason}`}`,
  );
  const wrong = rows
    .filter(({ verdict }) => verdict === "different")
    .map(({ name, problems }) => `\n${name}\n${problems.join("\n").replaceAll(/^/gm, "  ")}`);
  const counts = VERDICTS.map((verdict) => `${count(rows, verdict)} ${verdict}`).join(", ");
  return `${[...table, ...wrong].join("\n")}\n\n${rows.length} rows: ${counts}\n`;
}

/** How many rows have a verdict. */
export function count(rows: readonly JudgedRow[], verdict: Verdict): number {
  return rows.filter((row) => row.verdict === verdict).length;
}
