import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox } from "@roles-anywhere/sandbox";
import { afterAll, beforeAll, describe } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { testAdopt } from "./guides/adopt.ts";
import { testArticle } from "./guides/article.ts";

// The pages for people who come with a project of their own. IAM policies are enforced, so that rights differ.
describe("the guides", { timeout: 300_000 }, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    const { backend } = readSettings(process.env);
    sandbox = await startSandbox({ backend, enforceIam: true });
  });
  afterAll(() => sandbox?.stop());

  describe("docs/adopt.md", () => {
    testAdopt(() => sandbox);
  });
  describe("docs/from-the-article.md", () => {
    testArticle(() => sandbox);
  });
});
