import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { record } from "./records.ts";
import type { ReportRecord } from "./records.ts";

/** Names the folder of the event logs. Whoever has something to report writes there when it is set. */
export const REPORT_FOLDER_VARIABLE = "RA_REPORT_DIR";

/** Appends records to one log of a folder. */
export type EventLog = (event: ReportRecord) => void;

/**
 * Makes the log of one run: the file `<name>.jsonl`, with one record a line. A line is written at once, so several
 * processes may append to one file, and a killed run leaves what it had seen.
 *
 * @param folder is created when it is not there
 * @param name letters, digits, dots and hyphens
 */
export function openEventLog(folder: string, name: string): EventLog {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replaceAll(/[^\w.-]+/g, "-")}.jsonl`);
  return (event) => appendFileSync(file, `${JSON.stringify(record.parse(event))}\n`, { mode: 0o600 });
}

/**
 * Reads all logs of a folder, in the order of their names.
 *
 * @throws {Error} that names file and line, when a line is no record
 */
export function readEventLogs(folder: string): { name: string; records: ReportRecord[] }[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .toSorted();
  return files.map((file) => ({
    name: file.replace(/\.jsonl$/, ""),
    records: readFileSync(join(folder, file), "utf8")
      .split("\n")
      .flatMap((line, index) => (line === "" ? [] : [parseLine(line, `${join(folder, file)}:${index + 1}`)])),
  }));
}

function parseLine(line: string, place: string): ReportRecord {
  try {
    return record.parse(JSON.parse(line));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${place} is no record of a report: ${reason.replaceAll(/\s+/g, " ")}`, { cause });
  }
}
