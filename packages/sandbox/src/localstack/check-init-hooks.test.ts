import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { checkInitHooks } from "./check-init-hooks.ts";

describe("checkInitHooks", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  /** LocalStack's report, one after the other and then the last one again. */
  async function serve(...reports: object[]): Promise<string> {
    let calls = 0;
    server = createServer((_request, response) => {
      response.end(JSON.stringify(reports[Math.min(calls++, reports.length - 1)]));
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return address !== null && typeof address === "object" ? `http://127.0.0.1:${address.port}` : "";
  }
  const report = (started: boolean, ...states: string[]) => ({
    completed: { BOOT: true, START: started, READY: started, SHUTDOWN: false },
    scripts: states.map((state) => ({ name: "hook.py", stage: "START", state })),
  });
  const check = (url: string): Promise<void> => checkInitHooks(url, "hook.py", "/logs");

  it("waits until the hook is loaded", async () => {
    const url = await serve(report(false, "RUNNING"), report(false, "RUNNING"), report(true, "SUCCESSFUL"));
    await expect(check(url)).resolves.toBeUndefined();
  });

  it.each([
    { case: "failed", reports: [report(true, "ERROR")], message: /could not load the hook hook\.py/ },
    { case: "was not found", reports: [report(true)], message: /did not find the hook hook\.py/ },
    { case: "is unknown to what answers", reports: [{ hello: "world" }], message: /unknown shape/ },
  ])("refuses to go on when the hook $case", async ({ reports, message }) => {
    await expect(check(await serve(...reports))).rejects.toMatchObject({
      code: "ERR_SANDBOX_HOOK_FAILED",
      message: expect.stringMatching(message),
      logDirectory: "/logs",
    });
  });
});
