import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { openEventLog } from "../report/event-log.ts";
import type { EventLog } from "../report/event-log.ts";
import { renderPage } from "../report/page.ts";
import type { ReportRecord } from "../report/records.ts";
import { record } from "../report/records.ts";
import type { Settings } from "../settings/read-settings.ts";
import { StoryError } from "../story/programs.ts";

/** The name of the demo's runs in a report. */
const NAME = "demo";

/** The log of one run of the demo, and what is done with it at the end. */
export interface DemoReport {
  readonly log: EventLog;
  /** Writes the report to the file of `--report`, also after a run that failed: it has what happened until then. */
  write(): void;
}

/**
 * Opens the log for `--report` and for `RA_REPORT_DIR`.
 *
 * @param file the file of `--report`; npm runs the demo in its workspace, so a relative path starts where npm was called
 * @returns undefined when nobody asked for a report
 * @throws {StoryError} when the file or the folder cannot be written: before the demo, not after it
 */
export function openReport(
  settings: Pick<Settings, "reportFolder">,
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): DemoReport | undefined {
  if (file === undefined && settings.reportFolder === undefined) return undefined;
  const path = file === undefined ? undefined : resolve(environment["INIT_CWD"] ?? ".", file);
  try {
    if (path !== undefined) appendFileSync(path, "");
    return makeReport(settings, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoryError(`the report cannot be written: ${reason}`, { cause: error });
  }
}

function makeReport({ reportFolder }: Pick<Settings, "reportFolder">, path: string | undefined): DemoReport {
  const folderLog = reportFolder === undefined ? undefined : openEventLog(reportFolder, NAME);
  const records: ReportRecord[] = [];
  return {
    log: {
      name: NAME,
      add(event) {
        records.push(record.parse(event));
        folderLog?.add(event);
      },
    },
    write() {
      if (path === undefined) return;
      writeFileSync(path, renderPage([{ name: NAME, records }]));
      process.stderr.write(`The report is in ${path}\n`);
    },
  };
}
