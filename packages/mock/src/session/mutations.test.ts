import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { families } from "../../test/support/mutate.ts";
import { createRandom } from "@roles-anywhere/testing";
import { createWorld, ROLE_ARN } from "../../test/support/world.ts";
import { handleCreateSession } from "../../test/support/handle-create-session.ts";

/** RA_FUZZ_REQUESTS=100000 RA_FUZZ_SEED=7 npx vitest run src/session/mutations.test.ts */
const REQUESTS = Number(process.env["RA_FUZZ_REQUESTS"] ?? 3000);
const SEED = Number(process.env["RA_FUZZ_SEED"] ?? 20_260_615);

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = z
  .custom<() => void>((value) => typeof value === "function")
  .parse(runInNewContext("gc"));

function heapMegabytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

describe("CreateSession under mutated requests", () => {
  it(`accepts none of ${REQUESTS} that it should not (seed ${SEED}), never fails, never hangs, and its memory stays flat`, async () => {
    const world = createWorld();
    const random = createRandom(SEED);
    const ways = families(world);
    const counts = { granted: 0, refused: 0 };
    let slowestMs = 0;
    let halfway = 0;
    for (let index = 0; index < REQUESTS; index += 1) {
      if (index === REQUESTS >> 1) halfway = heapMegabytes();
      const mutant = random.pick(ways)(world, random);
      world.aws.requests.length = 0;
      const started = performance.now();
      const answer = await handleCreateSession(world.context, mutant.request);
      slowestMs = Math.max(slowestMs, performance.now() - started);
      const granted = answer.status === 201;
      counts[granted ? "granted" : "refused"] += 1;
      const harmless = world.aws.requests.every(
        ({ roleArn, durationSeconds, sourceIdentity }) =>
          roleArn === ROLE_ARN && sourceIdentity === "CN=client" && durationSeconds <= 3600,
      );
      const right =
        (mutant.verdict === "depends" || granted === (mutant.verdict === "same")) &&
        (granted || (answer.status >= 400 && answer.status < 500)) &&
        harmless;
      // The message costs more than the call: made for failures only.
      if (!right) {
        throw new Error(
          `request ${index}: ${JSON.stringify([mutant, world.context.audit.list(1)[0]?._mock])}`,
        );
      }
    }
    expect(slowestMs).toBeLessThan(1000);
    expect(heapMegabytes() - halfway).toBeLessThan(24);
    // A run in which nothing is granted, or nothing refused, would prove nothing.
    expect(counts.granted).toBeGreaterThan(REQUESTS / 50);
    expect(counts.refused).toBeGreaterThan(REQUESTS / 2);
  }, 600_000);
});
