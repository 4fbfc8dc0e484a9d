import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { processesWith, sandboxTraces, traceChanges } from "./support/leftovers.ts";
import { runDemoScript } from "./support/run-demo-script.ts";

describe("the demo, interrupted", { timeout: 300_000 }, () => {
  let tracesBefore: string[];
  beforeAll(async () => {
    tracesBefore = await sandboxTraces();
  });

  it.each([
    { moment: "while LocalStack starts", pattern: /Starting LocalStack/ },
    { moment: "in phase 1", pattern: /Phase 1/ },
    { moment: "during cdk deploy", pattern: /\$ cdk deploy/ },
    { moment: "while the app starts", pattern: /Starting the NestJS app/ },
    { moment: "when all is running", pattern: /Ctrl-C stops everything/ },
  ])("Ctrl-C $moment leaves nothing running", async ({ pattern }) => {
    const marker = `DEMO_${randomUUID()}`;
    const demo = runDemoScript(["--keep"], { DEMO_MARKER: marker });
    await demo.waitFor(pattern);
    expect(await processesWith(marker)).not.toEqual([]);

    demo.pressCtrlC();

    expect(await demo.exited).toEqual({ code: /Ctrl-C stops/.test(demo.output()) ? 0 : 130, signal: null });
    expect(await processesWith(marker)).toEqual([]);
    expect(await traceChanges(tracesBefore)).toEqual([]);
  });

  it("SIGKILL leaves nothing running either", async () => {
    const marker = `DEMO_${randomUUID()}`;
    const demo = runDemoScript(["--keep"], { DEMO_MARKER: marker });
    await demo.waitFor(/Phase 1/);

    demo.child.kill("SIGKILL");
    await demo.exited;

    // The keepers notice and end what they keep.
    while ((await processesWith(marker)).length > 0) await sleep(100);
    // Its folder of temporary files goes when the next sandbox is started.
    const changes = await traceChanges(tracesBefore);
    expect(changes.filter((change) => !change.startsWith("new folder"))).toEqual([]);
  });
});
