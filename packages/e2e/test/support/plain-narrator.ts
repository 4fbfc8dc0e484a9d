import type { Narrator } from "../../src/story/narrator.ts";

/** Tells on stderr what takes time, so that a waiting reader sees where the run is. */
export const plainNarrator: Narrator = {
  chapter: (title) => void process.stderr.write(`${title}\n`),
  progress: (line) => void process.stderr.write(`  ${line}\n`),
  command: (line) => void process.stderr.write(`  $ ${line}\n`),
  result: () => undefined,
};
