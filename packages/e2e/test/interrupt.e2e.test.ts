import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { exposuresOf } from "./support/listening-sockets.ts";
import { startDemo } from "./support/own-run.ts";

describe("the demo, interrupted", { timeout: 300_000 }, () => {
  it.each([
    { moment: "while LocalStack starts", pattern: /Starting LocalStack/ },
    { moment: "in phase 1", pattern: /Phase 1/ },
    { moment: "during cdk deploy", pattern: /\$ cdk deploy/ },
    { moment: "while the app starts", pattern: /Starting the NestJS app/ },
    { moment: "when all is running", pattern: /Ctrl-C stops everything/ },
  ])("Ctrl-C $moment leaves nothing running", async ({ pattern }) => {
    await using demo = await startDemo(["--keep"]);
    await demo.waitFor(pattern);
    expect(await demo.processes()).not.toEqual([]);
    expect(await demo.traces()).not.toEqual([]);
    // LocalStack, mock and app: by the kernel's list, and Docker's.
    const running = /Ctrl-C stops/.test(demo.output());
    expect(running ? await exposuresOf(demo, 3) : []).toEqual([]);

    demo.pressCtrlC();

    expect(await demo.exited).toEqual({ code: /Ctrl-C stops/.test(demo.output()) ? 0 : 130, signal: null });
    expect(await demo.processes()).toEqual([]);
    expect(await demo.traces()).toEqual([]);
  });

  it("SIGKILL leaves nothing running either", async () => {
    await using demo = await startDemo(["--keep"]);
    await demo.waitFor(/Phase 1/);

    demo.child.kill("SIGKILL");
    await demo.exited;

    // The supervisors notice and end what they supervise.
    while ((await demo.processes()).length > 0) await sleep(100);
    // Its folder of temporary files goes when the next sandbox is started.
    expect(await demo.traces()).toEqual([expect.stringMatching(/^folder ra-sandbox-/)]);
  });
});
