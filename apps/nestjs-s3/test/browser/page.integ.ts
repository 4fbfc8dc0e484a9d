import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";
import { findChromium, startChromium } from "@roles-anywhere/testing/chromium";
import type { Browser, Page } from "@roles-anywhere/testing/chromium";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { FakeObject } from "../support/fake-aws.ts";
import { startApp } from "../support/running-app.ts";
import type { RunningApp } from "../support/running-app.ts";

const CHROMIUM = findChromium();
const WHY_SKIPPED =
  CHROMIUM === undefined ? " (skipped: no Chromium here; install one, or name it in RA_CHROMIUM)" : "";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const findings = z.array(
  z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.string()) }),
);

const object = (key: string, size = 1234): FakeObject => ({
  key,
  size,
  lastModified: "2026-03-14T09:26:53.000Z",
});
const OBJECTS = [
  object("photos/dock.svg"),
  object("reports/2026/shipments.json", 20_464),
  object("welcome.txt", 286),
];

describe.skipIf(CHROMIUM === undefined)(`the page in Chromium${WHY_SKIPPED}`, () => {
  let browser: Browser;
  let app: RunningApp;
  let page: Page;
  /** What the page complains about: errors, and what its content security policy refuses. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await startChromium(CHROMIUM ?? "", "");
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    app = await startApp();
    app.aws.objects = OBJECTS;
    await open({});
  });
  afterEach(async () => {
    await page.context().close();
    await app[Symbol.asyncDispose]();
  });

  async function open(options: Parameters<Browser["newContext"]>[0]): Promise<void> {
    const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", ...options });
    page = await context.newPage();
    complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load"))
        complaints.push(message.text());
    });
  }
  const names = () => page.locator(".name a").allInnerTexts();

  const STATES: readonly (readonly [state: string, prepare: () => void, shown: string])[] = [
    ["a list", () => {}, "welcome.txt"],
    ["an empty list", () => void (app.aws.objects = []), "The bucket is empty."],
    [
      "an error",
      () => void (app.aws.refusal = { status: 404, code: "NoSuchBucket", message: "" }),
      'Bucket "docs" does not exist as seen from eu-central-1; check BUCKET and REGION.',
    ],
    [
      "a certificate that needs attention",
      () => app.profile.writeCertificate(new Date(Date.now() + 3.5 * 86_400_000)),
      "3 days left",
    ],
  ];
  const VIEWS = (["light", "dark"] as const).flatMap((colorScheme) =>
    [1280, 390].map((width) => ({ colorScheme, viewport: { width, height: 844 } })),
  );

  describe.each(STATES)("with %s", (_state, prepare, shown) => {
    it.each(VIEWS)("has no finding of axe: %j", async (view) => {
      prepare();
      await page.context().close();
      await open(view);
      await page.goto(app.url);
      await page.locator('#session [data-state="loading"]').waitFor({ state: "hidden" });
      await page.locator("details").evaluateAll((all) => {
        for (const details of all) details.setAttribute("open", "");
      });
      await page.getByText(shown).first().waitFor();
      await page.evaluate(AXE);
      const found = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })))`,
      );
      expect(findings.parse(found)).toEqual([]);
      const overflow = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
      expect(overflow).toBe(false);
      expect(complaints).toEqual([]);
    });
  });

  it("lists name, size, date and a link that opens the object", async () => {
    await page.goto(app.url);
    const row = page.getByRole("row", { name: /shipments\.json/ });
    await row.waitFor();
    expect(await row.getByRole("cell").allInnerTexts()).toEqual([
      "json",
      "20.5 kB",
      "14 Mar 2026, 09:26",
      "Copy link",
    ]);
    const href = await row.getByRole("link").getAttribute("href");
    expect(href).toContain(`${app.aws.url}/docs/reports/2026/shipments.json?`);
    expect(await page.locator("#files-links").innerText()).toMatch(/^Links work for 59:\d\d$/);
  });

  it("finds by prefix while one types, and keeps the prefix in the address", async () => {
    await page.goto(app.url);
    await page.getByText("welcome.txt").waitFor();
    await page.getByLabel("Names that begin with").fill("rep");
    await page.getByText("welcome.txt").waitFor({ state: "detached" });
    expect(await names()).toEqual(["reports/2026/shipments.json"]);
    expect(page.url()).toBe(`${app.url}/?prefix=rep`);
    await page.reload();
    await page.getByText("shipments.json").waitFor();
    expect(await names()).toEqual(["reports/2026/shipments.json"]);

    await page.getByLabel("Names that begin with").fill("nothing");
    await page.locator("#files-empty").getByText("No name begins with “nothing”.").waitFor();
    await page.getByRole("button", { name: "Show all files" }).click();
    await page.getByText("welcome.txt").waitFor();
  });

  it("turns pages there and back with the keyboard", async () => {
    app.aws.objects = Array.from({ length: 120 }, (_, index) =>
      object(`file-${String(index).padStart(3, "0")}`),
    );
    await page.goto(app.url);
    const next = page.getByRole("button", { name: "Next" });
    await next.focus();
    for (const [first, range] of [
      ["file-050", "Files 51 to 100"],
      ["file-100", "Files 101 to 120"],
    ] as const) {
      await page.keyboard.press("Enter");
      await page.getByText(first).waitFor();
      expect(await page.locator("#files-count").innerText()).toBe(range);
    }
    // The focus has stayed on the button, which leads nowhere now.
    expect(await next.getAttribute("aria-disabled")).toBe("true");
    expect(await next.evaluate((button) => button.matches(":focus"))).toBe(true);
    await page.getByRole("button", { name: "Previous" }).press("Enter");
    await page.getByText("file-050").waitFor();
  });

  it("previews an image, and Escape gives the focus back", async () => {
    await page.goto(app.url);
    const button = page.getByRole("button", { name: "Preview photos/dock.svg" });
    // Its policy lets the page show images of the bucket.
    const width = () =>
      button.locator("img").evaluate((image) => "naturalWidth" in image && image.naturalWidth);
    await expect.poll(width, { timeout: 20_000 }).toBe(64);
    await button.press("Enter");
    const dialog = page.getByRole("dialog", { name: "photos/dock.svg" });
    await dialog.getByRole("img", { name: "photos/dock.svg" }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(await button.evaluate((element) => element.matches(":focus"))).toBe(true);
    expect(complaints).toEqual([]);
  });

  it("copies a link, and says so", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: app.url });
    await page.goto(app.url);
    const link = await page.getByRole("link", { name: "welcome.txt" }).getAttribute("href");
    await page.getByRole("button", { name: "Copy link to welcome.txt" }).click();
    await page.getByText("Copied the link to welcome.txt.").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(link);
  });

  it("shows role, certificate and session, and the renewal when it comes", async () => {
    await page.clock.install();
    await page.goto(app.url);
    await page.getByText("CN=server, O=Example").waitFor();
    expect(await page.locator("#session-role").innerText()).toBe("Reader");
    expect(await page.locator("#certificate-life").innerText()).toMatch(/^90 days left, until /);
    expect(await page.locator("#session-left").innerText()).toMatch(/^59:\d\d$/);
    expect(await page.locator("#session-renewal").innerText()).toMatch(/^Renews by itself after /);

    // AWS rejects the session, so that the server gets another one.
    app.profile.succeed(new Date(Date.now() + 1_800_000));
    app.aws.refusal = { status: 400, code: "ExpiredToken", message: "" };
    await fetch(`${app.url}/api/files`);
    app.aws.refusal = undefined;
    await page.clock.fastForward(15_000);
    await page.getByText("Renewed at").waitFor();
    expect(await page.locator("#session-left").innerText()).toMatch(/^(30:00|29:\d\d)$/);
  });

  it("says what is wrong, and recovers by itself when it is mended", async () => {
    await page.clock.install();
    app.profile.fail("expired");
    await page.goto(app.url);
    await page.locator("#files strong").getByText("No AWS credentials").waitFor();
    await page.locator("#session strong").getByText("No AWS credentials").waitFor();
    app.profile.succeed(new Date(Date.now() + 3_600_000));
    await page.clock.fastForward(15_000);
    await page.getByText("welcome.txt").waitFor();
    await page.getByText("CN=server, O=Example").waitFor();
    expect(await page.locator(".problem:visible").count()).toBe(0);
  });

  it("says so when an image cannot be shown", async () => {
    // It is too large to be loaded with the list.
    app.aws.objects = [object("photos/poster.svg", 2_000_000)];
    await page.goto(app.url);
    const button = page.getByRole("button", { name: "Preview photos/poster.svg" });
    await button.waitFor();
    await app.aws.stop();
    await button.click();
    await page.getByText("The image cannot be shown").waitFor();
    expect(await page.locator("#preview-image").isHidden()).toBe(true);
    await app.aws.restart();
  });

  it("gets new links before anybody clicks on dead ones", async () => {
    await page.clock.install();
    await page.goto(app.url);
    const link = page.getByRole("link", { name: "welcome.txt" });
    const first = await link.getAttribute("href");
    app.profile.succeed(new Date(Date.now() + 7_200_000));
    // A link says in which second it was made. The page's clock may be a little behind the server's.
    await setTimeout(1000);
    await page.clock.fastForward(3_660_000);
    await expect.poll(() => link.getAttribute("href"), { timeout: 20_000 }).not.toBe(first);
  });

  it("has an API page whose scripts run under its policy and which can call the API", async () => {
    await page.goto(`${app.url}/docs`);
    await page.getByText("/api/files").first().click();
    await page.getByRole("button", { name: "Try it out" }).click();
    await page.getByRole("button", { name: "Execute" }).click();
    await page.getByText("reports/2026/shipments.json").first().waitFor();
    expect(complaints).toEqual([]);
  });
});
