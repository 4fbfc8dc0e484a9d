import type { DrillRecord } from "../report/records.ts";
import type { World } from "./world.ts";

/** An exercise: somebody attacks or repairs something, and each answer is compared with the one that is expected. */
export interface Drill {
  /** Lower-case words with hyphens, for the command line. */
  readonly name: string;
  readonly title: string;
  /** What the drill proves, in one sentence. */
  readonly claim: string;
  /** What makes the claim true. docs/drills.md tells what the drill says without it. */
  readonly guard: string;
  run(context: DrillContext): Promise<void>;
}

export interface DrillContext {
  readonly world: World;
  /** False: the guard is left out, and the drill must fail. */
  readonly guarded: boolean;
  /** Does something, and compares what is seen with what is expected. */
  readonly step: TakeStep;
  /** Registers what puts the world back as it was. It runs at the end, the last one first. */
  readonly undo: (action: () => Promise<unknown>) => void;
}

/**
 * @param expected how the answer begins, for example `S3 403 AccessDenied`; the words of a service may follow a colon
 * @returns the answer
 * @throws {DrillFailed} when another answer is seen
 */
export type TakeStep = <A extends Answer>(
  text: string,
  expected: string,
  action: () => Promise<A>,
) => Promise<A>;

/** What somebody sees: of which service, with which HTTP status and error code. */
export interface Answer {
  /** For example `S3 403 AccessDenied`. */
  readonly seen: string;
  /** The words of the service, or what else there is to see. */
  readonly words?: string | undefined;
}

export type DrillStep = DrillRecord["steps"][number];

/** A step saw something else than expected. The rest of the drill makes no sense then. */
class DrillFailed extends Error {
  override readonly name = "DrillFailed";
}

/**
 * Runs a drill, and puts the world back as it was.
 *
 * @param onStep hears of each step when it has ended
 */
export async function runDrill(
  drill: Drill,
  world: World,
  { guarded = true, onStep }: { guarded?: boolean; onStep?: (step: DrillStep) => void } = {},
): Promise<DrillRecord> {
  const at = new Date().toISOString();
  const startedAt = performance.now();
  const steps: DrillStep[] = [];
  const undo: (() => Promise<unknown>)[] = [];
  const step: TakeStep = async (text, expected, action) => {
    const answer = await action();
    const passed = answer.seen === expected;
    const taken = { text, expected, seen: describeAnswer(answer), passed };
    steps.push(taken);
    onStep?.(taken);
    if (!passed) throw new DrillFailed(text);
    return answer;
  };
  try {
    await drill.run({ world, guarded, step, undo: (action) => void undo.push(action) });
  } catch (error) {
    if (!(error instanceof DrillFailed)) throw error;
  } finally {
    for (const action of undo.toReversed()) await action();
  }
  const { name, title, claim } = drill;
  const verdict = steps.every(({ passed }) => passed) ? "passed" : "failed";
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  return { kind: "drill", at, name, title, claim, steps, verdict, seconds };
}

function describeAnswer({ seen, words }: Answer): string {
  return words === undefined || words === "" ? seen : `${seen}: ${words}`;
}
