import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { findChromium, startChromium } from "@roles-anywhere/testing/chromium";
import type { Browser, Page } from "@roles-anywhere/testing/chromium";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { createLog } from "../../src/log.ts";
import { readSettings } from "../../src/settings.ts";
import { FakeAws } from "../support/fake-aws.ts";
import { FakeCredentialProcess } from "../support/fake-credential-process.ts";

const CHROMIUM = findChromium();
const WHY_SKIPPED =
  CHROMIUM === undefined ? " (skipped: no Chromium here; install one, or name it in RA_CHROMIUM)" : "";

/** Where the page of somebody else is. */
const ORIGINS: readonly (readonly [title: string, host: string, onAppPort: boolean])[] = [
  ["on another site", "attacker.example", false],
  ["on another port of the same host", "127.0.0.1", false],
  ["under a name that was made to point at the server", "rebind.example", true],
];

/** Ways in which a page can try to read something, as its scripts: `url` is that of the server. */
const ATTEMPTS: readonly (readonly [title: string, script: string])[] = [
  ["a fetch of the files", `fetch(url + "/api/files").then((response) => response.text())`],
  [
    "a fetch that the server does not have to allow",
    `fetch(url + "/api/files", { mode: "no-cors" }).then((response) => response.text())`,
  ],
  [
    "a fetch that the server is asked to allow first",
    `fetch(url + "/api/identity", { headers: { "X-Asked": "1" } }).then((response) => response.text())`,
  ],
  [
    "a frame",
    `new Promise((resolve) => {
      document.body.innerHTML = "<iframe></iframe>";
      const frame = document.querySelector("iframe");
      frame.onload = () => resolve(frame.contentDocument?.body.textContent);
      frame.src = url + "/api/files";
    })`,
  ],
  [
    "a script",
    `new Promise((resolve) => {
      const script = Object.assign(document.createElement("script"), { onload: resolve, onerror: resolve });
      script.src = url + "/api/files";
      document.body.append(script);
    }).then(() => undefined)`,
  ],
  [
    "an image",
    `new Promise((resolve) => {
      Object.assign(new Image(), { onload: resolve, onerror: resolve, src: url + "/api/files" });
    }).then(() => undefined)`,
  ],
  [
    "a post that needs no permission",
    `fetch(url + "/api/files", { method: "POST", mode: "no-cors", body: "a=b" })`,
  ],
];

const PAGE = "<!doctype html><title>attacker</title><body></body>";

describe.skipIf(CHROMIUM === undefined)(`a page in Chromium${WHY_SKIPPED}`, () => {
  const attacker = createServer((_, response) => response.setHeader("content-type", "text/html").end(PAGE));
  let browser: Browser;
  let aws: FakeAws;
  let profile: FakeCredentialProcess;
  let app: Awaited<ReturnType<typeof createApp>>;
  let appPort: number;
  let attackerPort: number;

  beforeAll(async () => {
    browser = await startChromium(
      CHROMIUM ?? "",
      "MAP attacker.example 127.0.0.1, MAP rebind.example 127.0.0.1",
    );
    aws = await FakeAws.start();
    aws.objects = [{ key: "report.pdf", size: 1234, lastModified: "2026-01-01T00:00:00.000Z" }];
    profile = new FakeCredentialProcess();
    app = await createApp(
      readSettings({
        REGION: "eu-central-1",
        PROFILE: "roles-anywhere",
        BUCKET: "docs",
        AWS_ENDPOINT_URL: aws.url,
      }),
      createLog("silent"),
    );
    [appPort, attackerPort] = [await listen(app.getHttpServer()), await listen(attacker)];
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
    attacker.close().closeAllConnections();
    await aws[Symbol.asyncDispose]();
    profile[Symbol.dispose]();
  });
  beforeEach(() => {
    vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
    vi.stubEnv("AWS_CONFIG_FILE", profile.configFile);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", `${profile.folder}/none`);
    aws.requests.length = 0;
  });

  describe.each(ORIGINS)("%s", (_, host, onAppPort) => {
    let page: Page;
    let origin: string;
    beforeAll(async () => {
      page = await browser.newPage();
      origin = `http://${host}:${onAppPort ? appPort : attackerPort}`;
      // Where the name has been made to point at the server, the page came from the attacker's server before.
      if (onAppPort) {
        await page.route(`${origin}/page`, (route) =>
          route.fulfill({ contentType: "text/html", body: PAGE }),
        );
      }
    });
    afterAll(() => page.close());

    it.each(ATTEMPTS)("reads nothing by %s, and makes the server ask AWS for nothing", async (__, script) => {
      await page.goto(`${origin}/page`);
      const url = onAppPort ? origin : `http://127.0.0.1:${appPort}`;
      const read = await page
        .evaluate(`{ const url = ${JSON.stringify(url)}; ${script} }`)
        .catch((error: unknown) => error);
      expect(String(read)).not.toMatch(/report\.pdf|X-Amz|arn:aws/);
      expect(aws.requests).toEqual([]);
    });
  });

  it("that a link of another site leads to is this server's own, and shows the files", async () => {
    const page = await browser.newPage();
    await page.goto(`http://attacker.example:${attackerPort}/page`);
    await page.evaluate(`document.body.innerHTML = '<a href="http://localhost:${appPort}/">files</a>'`);
    await page.click("a");
    await page.getByText("report.pdf").waitFor();
    expect(page.url()).toBe(`http://localhost:${appPort}/`);
    expect(await page.locator("#session-role").textContent()).toBe("Reader");
    await page.close();
  });
});

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
