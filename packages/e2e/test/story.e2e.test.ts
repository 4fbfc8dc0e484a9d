import { afterAll, beforeAll, describe } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { progressReporter } from "../src/story/reporter.ts";
import { startDeployment } from "../src/story/start-deployment.ts";
import type { Deployment } from "../src/story/start-deployment.ts";
import { testApp } from "./story/app.ts";
import { testInfrastructure } from "./story/infrastructure.ts";
import { testNarrowTrust } from "./story/narrow-trust.ts";
import { testPki } from "./story/pki.ts";
import { testRefusals } from "./story/refusals.ts";

// One deployment for all chapters: it takes half a minute to start.
describe("the story, from CA to presigned link", () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await startDeployment({
      settings: readSettings(process.env),
      environment: process.env,
      reporter: progressReporter,
    });
  });
  afterAll(() => deployment?.stop());

  describe("phase 1: PKI", () => {
    testPki(() => deployment);
  });
  describe("phase 2: infrastructure", () => {
    testInfrastructure(() => deployment);
  });
  describe("phase 3: signer and app", () => {
    testApp(() => deployment);
  });
  describe("a trust policy narrowed to one common name", () => {
    testNarrowTrust(() => deployment);
  });
  describe("refusals", () => {
    testRefusals(() => deployment);
  });
});
