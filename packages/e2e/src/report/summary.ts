import { figuresOf, recordsOf, titleOf } from "./figures.ts";
import type { Log } from "./figures.ts";
import { shorten, visible } from "./markup.ts";
import type { ReportRecord } from "./records.ts";

/** A summary may have at most 1 MiB in GitHub Actions. The report has the rest. */
const MAX_ROWS = 200;

/** Makes the summary of the report as Markdown, for `$GITHUB_STEP_SUMMARY`. */
export function renderSummary(logs: readonly Log[]): string {
  const records = logs.flatMap((log) => log.records);
  return [
    "## Report",
    figuresOf(records)
      .map(({ name, value, tone }) => `- ${tone === "bad" ? "❌ " : ""}**${value}** ${name}`)
      .join("\n"),
    drillsOf(records),
    soaksOf(records),
    benchesOf(records),
    ...logs.map(sessionsOf),
  ]
    .filter((part) => part !== "")
    .join("\n\n")
    .concat("\n");
}

function drillsOf(records: readonly ReportRecord[]): string {
  return table(
    "Drills",
    ["drill", "verdict", "seconds", "claim"],
    recordsOf(records, "drill").map(({ title, verdict, seconds, claim }) => [
      title,
      verdict === "passed" ? "✅ passed" : "❌ failed",
      seconds.toFixed(1),
      claim,
    ]),
  );
}

function soaksOf(records: readonly ReportRecord[]): string {
  return table(
    "Soak",
    ["soak", "requests", "failures", "slowest p99", "renewals", "faults"],
    recordsOf(records, "soak").map(({ name, samples, renewals, faults }) => [
      name,
      String(samples.reduce((sum, { requests }) => sum + requests, 0)),
      String(samples.reduce((sum, { failures }) => sum + failures, 0)),
      `${Math.max(0, ...samples.map(({ p99Milliseconds }) => p99Milliseconds)).toFixed(0)} ms`,
      String(renewals.length),
      String(faults.length),
    ]),
  );
}

function benchesOf(records: readonly ReportRecord[]): string {
  return table(
    "Benches",
    ["package", "bench", "ratio", "limit"],
    recordsOf(records, "bench").map(({ package: name, ratio, limit, ...bench }) => [
      name,
      bench.name,
      ratio.toFixed(2),
      limit === undefined ? "" : `${ratio <= limit ? "✅" : "❌"} ${limit}`,
    ]),
  );
}

function sessionsOf(log: Log): string {
  return table(
    `CreateSession: ${titleOf(log)}`,
    ["time", "verdict", "reason", "certificate"],
    recordsOf(log.records, "session").map(({ at, verdict, status, reason = "", subject = "" }) => [
      at.slice(11, 19),
      `${verdict === "granted" ? "✅" : "⛔"} ${status} ${verdict}`,
      reason,
      subject,
    ]),
  );
}

/** A section with a table, or nothing when the table has no row. */
function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    `### ${escapeMarkdown(title)}\n`,
    line(heads),
    line(heads.map(() => "---")),
    ...rows.slice(0, MAX_ROWS).map((cells) => line(cells.map(escapeMarkdown))),
    ...(rows.length > MAX_ROWS ? [`\n${rows.length - MAX_ROWS} more are in the report.`] : []),
  ].join("\n");
}

/** Text that Markdown shows as it is: no markup, no HTML, no link, no mention, one line. */
function escapeMarkdown(text: string): string {
  return visible(shorten(text, 300))
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll("@", "&#64;")
    .replaceAll(/https?:/gi, (scheme) => scheme.replace(":", "&#58;"))
    .replaceAll(/[\\`*_{}[\]()#+!|~>]/g, String.raw`\$&`);
}
