import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { z } from "zod";
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

const { version: VERSION } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

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
function runCli(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): number {
  // npm runs this in its workspace, so a relative path starts where npm was called.
  const pathOf = (path: string): string => resolve(environment["INIT_CWD"] ?? ".", path);
  const program = new Command("report")
    .description(
      "Makes one HTML page, or a Markdown summary, from what demo, tests, drills and benches recorded.",
    )
    .requiredOption(
      "--from <folder>",
      "the folder with the event logs",
      environment["RA_REPORT_DIR"] || undefined,
    )
    .option("--html <file>", "write the page to this file")
    .option("--summary <file>", "append the summary to this file")
    .version(VERSION, "--version", "print the version")
    .addHelpText("after", EXAMPLES)
    .configureOutput({
      outputError: (text, write) => write(`report: ${toOneLine(text)}; see npm run report -- --help\n`),
    })
    .allowExcessArguments(false)
    .exitOverride()
    .action(({ from, html, summary }: Flags) => {
      if (html === undefined && summary === undefined) program.error("error: give --html, --summary or both");
      const logs = readEventLogs(pathOf(from));
      if (html !== undefined) writeFileSync(pathOf(html), renderPage(logs));
      if (summary !== undefined) appendFileSync(pathOf(summary), renderSummary(logs));
    });
  try {
    program.parse(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`report: ${visible(error instanceof Error ? error.message : String(error))}\n`);
    return 1;
  }
}

/** Makes one line of an error of commander, which begins with `error: ` and may have a suggestion on a second line. */
function toOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
}

process.exitCode = runCli(process.argv, process.env);
