import type { Expected, Observation, Row } from "./row.ts";

/**
 * - `equal`: both did the same, and what was expected of them.
 * - `declared`: they differ exactly as the row says.
 * - `vanished`: the row says that they differ, and they do not.
 * - `different`: anything else.
 */
export type Verdict = "equal" | "declared" | "vanished" | "different" | "skipped";

export interface JudgedRow {
  readonly name: string;
  readonly verdict: Verdict;
  /** Why they differ, or why it was skipped. */
  readonly reason?: string;
  /** What is wrong, one text for each aspect. */
  readonly problems: readonly string[];
}

/** Compares what was seen of both programs with each other and with what the row says. */
export function judgeRow(row: Row, ours: Observation, helper: Observation): JudgedRow {
  const { name, expected = {}, difference } = row;
  const problems: string[] = [];
  const declared = new Set([
    ...Object.keys(difference?.ours ?? {}),
    ...Object.keys(difference?.helper ?? {}),
  ]);
  const aspects = new Set([
    ...Object.keys(ours),
    ...Object.keys(helper),
    ...Object.keys(expected),
    ...declared,
  ]);
  const vanished = declared.size > 0 && [...declared].every((aspect) => ours[aspect] === helper[aspect]);
  for (const aspect of aspects) {
    const here = ours[aspect];
    const there = helper[aspect];
    const report = (what: string): void => {
      problems.push(`${aspect}: ${what}\n  ra-signer: ${show(here)}\n  helper:    ${show(there)}`);
    };
    if (declared.has(aspect)) {
      if (!matches(here, difference?.ours[aspect])) {
        report(`ra-signer was to give ${showExpected(difference?.ours[aspect])}`);
      } else if (!vanished && !matches(there, difference?.helper[aspect])) {
        report(`the helper was to give ${showExpected(difference?.helper[aspect])}`);
      }
    } else if (here !== there) report("differs, and no row says that it may");
    else if (!matches(here, expected[aspect])) report(`both were to give ${showExpected(expected[aspect])}`);
  }
  const reason = difference === undefined ? {} : { reason: difference.reason };
  if (problems.length > 0) return { name, verdict: "different", problems, ...reason };
  if (vanished) return { name, verdict: "vanished", problems, ...reason };
  return { name, verdict: difference === undefined ? "equal" : "declared", problems, ...reason };
}

function matches(value: string | undefined, expected: Expected | undefined): boolean {
  if (expected === undefined) return true;
  return typeof expected === "string" ? value === expected : value !== undefined && expected.test(value);
}

const SHOWN = 2000;

function show(value: string | undefined): string {
  if (value === undefined) return "(nothing)";
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
}

function showExpected(expected: Expected | undefined): string {
  return expected instanceof RegExp ? String(expected) : show(expected);
}
