import { readFile } from "node:fs/promises";
import { z } from "zod";

/** The memory of one app at one time, after garbage was collected. */
const measured = z.object({ at: z.number(), heapBytes: z.number(), rssBytes: z.number() });
export type Memory = z.infer<typeof measured>;

/** The variables with which an app reports its memory to a file. */
export function memoryVariables(file: string): Record<string, string> {
  // Tests run the sources, and Node.js itself takes the types away.
  const name = import.meta.url.endsWith(".ts") ? "report-memory.ts" : "report-memory.js";
  const module = new URL(name, import.meta.url).href;
  return { RA_SOAK_MEMORY_FILE: file, NODE_OPTIONS: `--expose-gc --import=${module}` };
}

/** What an app has reported, in order. */
export async function readMemory(file: string): Promise<readonly Memory[]> {
  const text = await readFile(file, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => measured.parse(JSON.parse(line)));
}

/** How many measurements there must be, since an app that has just begun still grows. */
const LEAST = 30;
/** The part at the beginning that does not count: compiled code and caches fill up. */
const WARM_UP = 0.25;

/**
 * By how much the heap has grown in the measured time, as a part of its size: the slope of the line through all
 * measurements (least squares), times the time.
 *
 * @returns undefined when the run was too short to tell
 */
export function heapGrowth(all: readonly Memory[]): number | undefined {
  const points = all.slice(Math.ceil(all.length * WARM_UP));
  if (points.length < LEAST) return undefined;
  const mean = (of: (point: Memory) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanAt = mean(({ at }) => at);
  const meanHeap = mean(({ heapBytes }) => heapBytes);
  const covariance = mean(({ at, heapBytes }) => (at - meanAt) * (heapBytes - meanHeap));
  const variance = mean(({ at }) => (at - meanAt) ** 2);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return ((covariance / variance) * (last.at - first.at)) / meanHeap;
}
