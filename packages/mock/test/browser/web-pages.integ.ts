import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { findChromium, startChromium } from "@roles-anywhere/testing/chromium";
import type { Browser, Page } from "@roles-anywhere/testing/chromium";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../src/context.ts";
import { createApp } from "../../src/http/app.ts";
import { exportSnapshot, importSnapshot } from "../../src/lab/snapshot.ts";
import { createState } from "../../src/state/state.ts";
import { fakeAws } from "../support/fake-aws.ts";

const ACCOUNT = "123456789012";
const PROFILE_ID = "6a0bbcbb-7d02-4c2f-9a1c-3f0f5a6f3d11";
const CHROMIUM = findChromium();

/** Where the page is. */
const ORIGINS: readonly (readonly [title: string, host: string, onMockPort: boolean])[] = [
  ["on another site", "attacker.example", false],
  ["on another port of the same host", "127.0.0.1", false],
  ["under a name that was made to point at the mock", "rebind.example", true],
];

/** Ways in which a page can send something, as its scripts: `url` is that of the mock. */
const ATTEMPTS: readonly (readonly [title: string, script: string])[] = [
  ["a fetch of the snapshot", `fetch(url + "/_mock/snapshot").then((answer) => answer.text())`],
  ["a fetch of the audit, not to be read", `fetch(url + "/_mock/audit", { mode: "no-cors" })`],
  ["a reset without a body", `fetch(url + "/_mock/reset", { method: "POST", mode: "no-cors" })`],
  [
    "a fault as plain text",
    `fetch(url + "/_mock/faults", { method: "POST", mode: "no-cors", body: '{"kind":"throttle"}' })`,
  ],
  ["a beacon", `navigator.sendBeacon(url + "/_mock/faults", '{"kind":"throttle"}')`],
  [
    "a clock change as JSON",
    `fetch(url + "/_mock/clock", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{"rate":0}',
    }).then((answer) => answer.text())`,
  ],
  [
    "another snapshot",
    `fetch(url + "/_mock/snapshot", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '${JSON.stringify({ ...victim(), profiles: [] })}',
    }).then((answer) => answer.text())`,
  ],
  [
    "the control plane, with a signature that any key may give",
    `fetch(url + "/profile/${PROFILE_ID}", {
      method: "DELETE",
      headers: {
        authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/rolesanywhere/aws4_request, SignedHeaders=host, Signature=00",
        "x-amz-date": "20260101T000000Z",
      },
    }).then((answer) => answer.text())`,
  ],
  [
    "a form",
    `new Promise((resolve) => {
      document.body.innerHTML = '<iframe name="target"></iframe><form method="post" enctype="text/plain" target="target">';
      document.forms[0].action = url + "/_mock/reset";
      document.forms[0].submit();
      document.querySelector("iframe").onload = resolve;
    }).then(() => undefined)`,
  ],
  [
    "a frame",
    `new Promise((resolve) => {
      document.body.innerHTML = "<iframe></iframe>";
      document.querySelector("iframe").src = url + "/_mock/snapshot";
      document.querySelector("iframe").onload = resolve;
    }).then(() => document.querySelector("iframe").contentDocument?.body.textContent)`,
  ],
  [
    "a script",
    `new Promise((resolve) => {
      const script = Object.assign(document.createElement("script"), { onload: resolve, onerror: resolve });
      script.src = url + "/_mock/audit";
      document.body.append(script);
    }).then(() => undefined)`,
  ],
  ["CreateSession", `fetch(url + "/sessions", { method: "POST", mode: "no-cors", body: "{}" })`],
  [
    "a WebSocket",
    `new Promise((resolve) => {
      const socket = new WebSocket(url.replace("http:", "ws:") + "/_mock/audit");
      Object.assign(socket, { onopen: resolve, onerror: resolve });
    }).then(() => undefined)`,
  ],
];

const PAGE = "<!doctype html><title>attacker</title><body></body>";

/** An account with something to steal and to lose. */
function victim() {
  return {
    version: 1,
    accountId: ACCOUNT,
    region: "us-east-1",
    trustAnchors: [],
    crls: [],
    subjects: [],
    profiles: [
      {
        profileId: PROFILE_ID,
        profileArn: `arn:aws:rolesanywhere:us-east-1:${ACCOUNT}:profile/${PROFILE_ID}`,
        name: "victim",
        enabled: true,
        createdAt: "2026-01-01T00:00:00.000Z",
        updatedAt: "2026-01-01T00:00:00.000Z",
        tags: [],
        createdBy: `arn:aws:iam::${ACCOUNT}:root`,
        requireInstanceProperties: false,
        roleArns: [],
        managedPolicyArns: [],
        durationSeconds: 3600,
        acceptRoleSessionName: false,
        attributeMappings: [],
      },
    ],
  };
}

/** Runs a script of the page; what it could read, or the error that it met. */
async function runIn(page: Page, script: string, url: string): Promise<unknown> {
  return await page
    .evaluate(`{ const url = ${JSON.stringify(url)}; ${script} }`)
    .catch((error: unknown) => error);
}

const WHY_SKIPPED =
  CHROMIUM === undefined ? " (skipped: no Chromium here; install one, or name it in RA_CHROMIUM)" : "";

describe.skipIf(CHROMIUM === undefined)(`a page in Chromium${WHY_SKIPPED}`, () => {
  const context = createContext({
    state: createState(ACCOUNT, "us-east-1"),
    aws: fakeAws(`arn:aws:iam::${ACCOUNT}:role/R`),
  });
  const app = createApp(context);
  /** The status of each response, whether the page could see it or not. */
  let statuses: number[];
  let onResponse: () => void;
  const mock = createServer(
    (incoming, outgoing) =>
      void getRequestListener(
        async (request, env) => {
          const response = await app.fetch(request, env);
          statuses.push(response.status);
          onResponse();
          return response;
        },
        { overrideGlobalObjects: false },
      )(incoming, outgoing),
  );
  const attacker = createServer((_, answer) => answer.setHeader("content-type", "text/html").end(PAGE));
  let browser: Browser;
  let mockPort: number;
  let attackerPort: number;

  beforeAll(async () => {
    browser = await startChromium(
      CHROMIUM ?? "",
      "MAP attacker.example 127.0.0.1, MAP rebind.example 127.0.0.1",
    );
    [mockPort, attackerPort] = [await listen(mock), await listen(attacker)];
  });
  afterAll(async () => {
    await browser.close();
    for (const server of [mock, attacker]) server.close().closeAllConnections();
  });
  beforeEach(() => {
    importSnapshot(context.state, victim());
    [statuses, onResponse] = [[], () => {}];
  });

  const facts = () => ({
    state: JSON.stringify(exportSnapshot(context.state)),
    faults: context.faults.list(),
    rate: context.clock.rate,
    audited: context.audit.list().length,
  });

  describe.each(ORIGINS)("%s", (_, host, onMockPort) => {
    let page: Page;
    let origin: string;
    beforeAll(async () => {
      page = await browser.newPage();
      origin = `http://${host}:${onMockPort ? mockPort : attackerPort}`;
      // Where the name has been made to point at the mock, the page came from the attacker's server before.
      if (onMockPort) {
        await page.route(`${origin}/page`, (route) =>
          route.fulfill({ contentType: "text/html", body: PAGE }),
        );
      }
    });
    afterAll(() => page.close());

    it.each(ATTEMPTS)("neither reads nor changes anything by %s", async (__, script) => {
      await page.goto(`${origin}/page`);
      const before = facts();
      const responded = new Promise<void>((resolve) => (onResponse = resolve));
      const read = await runIn(page, script, onMockPort ? origin : `http://127.0.0.1:${mockPort}`);
      await responded;
      expect(String(read)).not.toContain(PROFILE_ID);
      expect(String(read)).not.toContain("Records");
      expect(facts()).toEqual(before);
      expect(new Set(statuses)).toEqual(new Set([403]));
    });
  });

  it("that a person opens by its address shows the audit", async () => {
    await using page = await browser.newPage();
    const answer = await page.goto(`http://127.0.0.1:${mockPort}/_mock/audit`);
    expect(answer?.status()).toBe(200);
    expect(await answer?.json()).toEqual({ Records: [] });
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
