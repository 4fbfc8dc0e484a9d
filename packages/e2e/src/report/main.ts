import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createProgram, parseArguments } from "../settings/program.ts";
import { readEventLogs } from "./event-log.ts";
import { visible } from "./markup.ts";
import { renderPage } from "./page.ts";
import { renderSummary } from "./summary.ts";

const EXAMPLES = `
Examples:
  $ npm run report -- --from "$PWD/reports" --html report.html
      makes the page from the logs that RA_REPORT_DIR="$PWD/reports" collected
  $ npm run report -- --from "$PWD/reports" --summary "$GITHUB_STEP_SUMMARY"
      adds the summary to the page of a workflow's run`;

const DESCRIPTION =
  "Makes one HTML page, or a Markdown summary, from what demo, tests, drills and benches recorded.";

interface Flags {
  from: string;
  html?: string | undefined;
  summary?: string | undefined;
}

/**
 * Makes a report from event logs: a page, a summary, or both.
 *
 * @returns exit code: 0 done, 1 failed, 2 wrong usage
 */
async function runCli(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  // npm runs this in its workspace, so a relative path starts where npm was called.
  const pathOf = (path: string): string => resolve(environment["INIT_CWD"] ?? ".", path);
  const program = createProgram("report", DESCRIPTION, EXAMPLES)
    .requiredOption(
      "--from <folder>",
      "the folder with the event logs",
      environment["RA_REPORT_DIR"] || undefined,
    )
    .option("--html <file>", "write the page to this file")
    .option("--summary <file>", "append the summary to this file")
    .action(({ from, html, summary }: Flags) => {
      if (html === undefined && summary === undefined) program.error("error: give --html, --summary or both");
      const logs = readEventLogs(pathOf(from));
      if (html !== undefined) writeFileSync(pathOf(html), renderPage(logs));
      if (summary !== undefined) appendFileSync(pathOf(summary), renderSummary(logs));
    });
  try {
    return (await parseArguments(program, argv)) ?? 0;
  } catch (error) {
    process.stderr.write(`report: ${visible(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

process.exitCode = await runCli(process.argv, process.env);
