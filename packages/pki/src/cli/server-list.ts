import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import type { ClientCertificateContent } from "../authority/issue-client-certificate.ts";
import type { SubjectAlternativeName } from "../certificate/subject-alternative-name.ts";
import type { SubjectAttribute } from "../certificate/subject.ts";
import { PkiError } from "../errors.ts";
import { systemReason } from "../storage/write-files.ts";
import { parseSubject, parseTypedName } from "./options.ts";

/** What a row may have. `san` has several names with spaces between them. */
const COLUMNS = ["name", "subject", "san", "validityDays"];

/** What every certificate of the list has unless its row says otherwise. */
export interface ListDefaults {
  readonly validityDays: number;
  readonly subjectAttributes?: readonly SubjectAttribute[] | undefined;
}

/**
 * Reads a list of servers: CSV with a header line, or a JSON array of names or of objects with the same members.
 *
 * @throws {PkiError} ERR_PKI_LIST_INVALID, with the row.
 */
export function readServerList(path: string, defaults: ListDefaults): ClientCertificateContent[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(path, `cannot read it: ${systemReason(cause)}`, cause);
  }
  const rows = /^\s*[[{]/.test(text) ? readJson(path, text) : readCsv(path, text);
  if (rows.length === 0) throw invalid(path, "it has no server; give one a line, below a line with: name");
  return rows.map((row, index) => clientOf(path, row, index + 1, defaults));
}

function readJson(path: string, text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (Array.isArray(value)) return value;
  throw invalid(path, 'it is a JSON object; give an array of servers, such as [{ "name": "server-1" }]');
}

function readCsv(path: string, text: string): readonly unknown[] {
  try {
    return parse(text, { columns: true, skip_empty_lines: true, trim: true, bom: true });
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function clientOf(
  path: string,
  row: unknown,
  number: number,
  defaults: ListDefaults,
): ClientCertificateContent {
  const where = `${path}, server ${number}`;
  const members = new Map<string, unknown>(
    typeof row === "object" && row !== null ? Object.entries(row) : [["name", row]],
  );
  for (const name of members.keys()) {
    if (!COLUMNS.includes(name)) {
      if (/[;\t]/.test(name)) throw invalid(path, `separate the columns with commas: ${COLUMNS.join(",")}`);
      throw invalid(where, `${JSON.stringify(name)} is not known; a server has ${COLUMNS.join(", ")}`);
    }
  }
  const text = (name: string): string => {
    const value = members.get(name) ?? "";
    if (typeof value === "string" || typeof value === "number") return String(value).trim();
    throw invalid(where, `${name} is not text`);
  };
  const commonName = text("name");
  if (commonName === "") throw invalid(where, "it has no name; the first line of a CSV file says: name");
  try {
    return {
      commonName,
      validityDays: text("validityDays") === "" ? defaults.validityDays : wholeDays(text("validityDays")),
      subjectAttributes: text("subject") === "" ? defaults.subjectAttributes : parseSubject(text("subject")),
      subjectAlternativeNames: alternativeNames(members.get("san")),
    };
  } catch (cause) {
    throw invalid(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error("validityDays is not a whole number of days");
  return Number(text);
}

function alternativeNames(value: unknown): SubjectAlternativeName[] {
  const names: unknown[] = Array.isArray(value) ? value : typeof value === "string" ? value.split(/\s+/) : [];
  return names.filter((name) => name !== "").map((name) => parseTypedName(String(name)));
}

function invalid(where: string, reason: string, cause?: unknown): PkiError {
  return new PkiError("ERR_PKI_LIST_INVALID", `the list cannot be used: ${where}: ${reason}`, { cause });
}
