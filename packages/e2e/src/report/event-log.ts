import { appendFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./figures.ts";
import { record } from "./records.ts";
import type { ReportRecord } from "./records.ts";

/** Takes the records of one run. */
export interface EventLog {
  /** The name of the run: `demo`. */
  readonly name: string;
  add(event: ReportRecord): void;
}

/**
 * Opens the log of one run: the file `<name>.jsonl` in a folder, with one record a line. A line is written at once, so a
 * killed run leaves what it had seen. A log that is there already is continued.
 *
 * @param folder is made when it is not there
 * @param name letters, digits, dots and hyphens; other characters become hyphens in the name of the file
 */
export function openEventLog(folder: string, name: string): EventLog {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name.replaceAll(/[^\w.-]+/g, "-")}.jsonl`);
  return {
    name,
    add: (event) => appendFileSync(file, `${JSON.stringify(record.parse(event))}\n`, { mode: 0o600 }),
  };
}

/**
 * Reads all logs of a folder, in the order of their names.
 *
 * @throws {Error} that names file and line, when a line is no record
 */
export function readEventLogs(folder: string): Log[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
  return files.toSorted().map((file) => ({
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
