import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { testFleet } from "./production/fleet.ts";
import { testPages } from "./production/pages.ts";
import { testUnrunBlocks } from "./production/unrun-blocks.ts";

// One sandbox for all: two CDK apps with stacks of other names.
describe("in production", { timeout: 300_000 }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startSandbox({ backend, services: ["cloudwatch", "events", "sns"] });
  });
  afterAll(() => sandbox?.stop());

  describe("the commands of the page and of the drills", () => {
    testPages(() => sandbox);
  });
  describe("what the page says and no test runs", () => {
    testUnrunBlocks();
  });
  describe("a fleet of 200 servers under one CA", () => {
    testFleet(() => sandbox);
  });
});
