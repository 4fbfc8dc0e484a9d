import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DRILLS } from "../src/drills/all-drills.ts";
import { runDrill } from "../src/drills/drill.ts";
import { startWorld } from "../src/drills/world.ts";
import type { World } from "../src/drills/world.ts";
import { readSettings } from "../src/settings/read-settings.ts";
import { REPOSITORY_ROOT } from "../src/story/programs.ts";
import { normaliseTranscript, transcriptOf } from "./support/normalise-transcript.ts";
import { startRun } from "./support/own-run.ts";

/** The table of docs/drills.md. */
const page = [
  ...(await readFile(join(REPOSITORY_ROOT, "docs", "drills.md"), "utf8")).matchAll(
    /^\| `([a-z-]+)` +\| (.*?) +\| (.*?) +\| step (\d): `(.*?)`/gm,
  ),
].map(([, name, claim, guard, step, seen]) => ({
  name,
  claim,
  guard,
  withoutGuard: { failed: Number(step), seen },
}));

describe("the drills", { timeout: 120_000 }, () => {
  let world: World;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    world = await startWorld({ backend });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  it.each(DRILLS)("$name passes", async (drill) => {
    const { steps, verdict } = await runDrill(drill, world);
    const failed = steps.filter(({ passed }) => !passed);
    expect({ verdict, failed }).toEqual({ verdict: "passed", failed: [] });
    expect(steps.length).toBeGreaterThan(1);
  });

  it.each(DRILLS)("$name fails without its guard, as docs/drills.md says", async (drill) => {
    const { steps, verdict } = await runDrill(drill, world, { guarded: false });
    const told = page.find(({ name }) => name === drill.name);
    expect({ verdict, failed: steps.length, seen: steps.at(-1)?.seen.split(":")[0] }).toEqual({
      verdict: "failed",
      ...told?.withoutGuard,
    });
  });

  it("each leaves the world as it was: they pass in the opposite order, too", async () => {
    for (const drill of DRILLS.toReversed()) {
      expect(await runDrill(drill, world)).toMatchObject({ name: drill.name, verdict: "passed" });
    }
  });
});

describe("npm run drill", { timeout: 300_000 }, () => {
  it("runs one drill alone, and prints the README's transcript", async () => {
    const { backend } = readSettings(process.env);
    const script = ["run", "--silent", "drill", "--", "--backend", backend, "stolen-key"];
    await using run = await startRun("npm", ["--prefix", REPOSITORY_ROOT, ...script]);
    const { code } = await run.exited;
    expect({ code, output: run.output() }).toMatchObject({ code: 0 });
    const readme = await readFile(join(REPOSITORY_ROOT, "README.md"), "utf8");
    expect(normaliseTranscript(run.stdout())).toBe(normaliseTranscript(transcriptOf(readme, "drill")));
  });
});

it("docs/drills.md names every drill, what it proves and what it tests", () => {
  expect(page.map(({ name, claim, guard }) => ({ name, claim, guard }))).toEqual(
    DRILLS.map(({ name, claim, guard }) => ({ name, claim, guard })),
  );
});
