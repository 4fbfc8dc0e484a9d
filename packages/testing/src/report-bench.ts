import { appendFileSync, mkdirSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** A ratio that a bench measured. */
export interface BenchResult {
  /** The workspace without its scope: `signer`. */
  readonly package: string;
  /** What was measured, and beside what. */
  readonly name: string;
  readonly ratio: number;
  /** The most that the ratio may be. Not given where the bench only tells it. */
  readonly limit?: number | undefined;
}

/**
 * Records the result of a bench for the report, in the log `bench-<package>` of the folder that `RA_REPORT_DIR` names.
 * Does nothing when that is not set. The form is that of a `bench` record of `packages/e2e/src/report/records.ts`.
 *
 * @throws {Error} when `RA_REPORT_DIR` is a relative path
 */
export function reportBench(result: BenchResult, folder = process.env["RA_REPORT_DIR"] ?? ""): void {
  if (folder === "") return;
  // Each workspace runs in a folder of its own, to which a relative path would be.
  if (!isAbsolute(folder)) {
    throw new Error(`RA_REPORT_DIR is ${JSON.stringify(folder)}; give an absolute path`);
  }
  mkdirSync(folder, { recursive: true });
  const line = JSON.stringify({ kind: "bench", at: new Date().toISOString(), ...result });
  appendFileSync(join(folder, `bench-${result.package}.jsonl`), `${line}\n`, { mode: 0o600 });
}
