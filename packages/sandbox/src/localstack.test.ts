import { createServer } from "node:http";
import type { Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { checkInitHook, localstackSettings } from "./localstack.ts";

describe("checkInitHook", () => {
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
  const check = (url: string): Promise<void> => checkInitHook(url, "hook.py", "/logs");

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

describe("localstackSettings", () => {
  const init = {
    rolesAnywhereEndpoint: "http://127.0.0.1:9912",
    region: "eu-west-1",
    services: ["sqs", "s3"],
    enforceIam: false,
    secureTransport: true,
    settings: { DEBUG: "1", DISABLE_EVENTS: "0", DNS_ADDRESS: "0.0.0.0", SERVICES: "none" },
  };

  it("starts the services that are asked for beside those that are needed", () => {
    expect(localstackSettings(init)["SERVICES"]).toBe("s3,sts,iam,cloudformation,ssm,sqs");
  });

  it("lets the caller's settings win over the defaults, but starts no DNS server", () => {
    expect(localstackSettings(init)).toMatchObject({ DEBUG: "1", DISABLE_EVENTS: "0", DNS_ADDRESS: "0" });
  });
});
