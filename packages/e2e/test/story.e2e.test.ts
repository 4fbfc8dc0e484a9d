import { afterAll, beforeAll, describe } from "vitest";
import { readSettings } from "../src/settings/read-settings.ts";
import { startWorld, type World } from "../src/story/start-world.ts";
import { testApp } from "./story/app.ts";
import { testInfrastructure } from "./story/infrastructure.ts";
import { testPki } from "./story/pki.ts";
import { testRefusals } from "./story/refusals.ts";
import { plainNarrator } from "./support/plain-narrator.ts";

// One world for all chapters: it takes half a minute to build.
describe("the story, from CA to presigned link", () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      settings: readSettings(process.env),
      environment: process.env,
      narrator: plainNarrator,
    });
  });
  afterAll(() => world?.stop());

  describe("phase 1: PKI", () => {
    testPki(() => world);
  });
  describe("phase 2: infrastructure", () => {
    testInfrastructure(() => world);
  });
  describe("phase 3: signer and app", () => {
    testApp(() => world);
  });
  describe("refusals", () => {
    testRefusals(() => world);
  });
});
