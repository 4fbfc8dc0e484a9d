import type { Lab } from "./lab.ts";
import type { Program } from "./run-program.ts";

/** What was seen of a run, by aspect: `exit`, `stdout`, `headers`, … What varies by nature is normalised before. */
export type Observation = Readonly<Record<string, string>>;

/** A text to be equal to, or a pattern to match. */
export type Expected = string | RegExp;

export type Expectations = Readonly<Record<string, Expected>>;

/** A difference that is known and intended. */
export interface Difference {
  /** Why; for the table. */
  readonly reason: string;
  /** What the helper does, by aspect. */
  readonly helper: Expectations;
  /** What ra-signer does, by aspect. */
  readonly ours: Expectations;
}

/** One thing that is done with both programs. */
export interface Row {
  /** Group and name: `keys: P-256, SEC1`. */
  readonly name: string;
  /** What both have to do; all other aspects have to be equal. */
  readonly expected?: Expectations;
  readonly difference?: Difference;
  /** Why it cannot be done here. */
  readonly skipped?: string;
  readonly observe: (program: Program, lab: Lab) => Promise<Observation>;
}
