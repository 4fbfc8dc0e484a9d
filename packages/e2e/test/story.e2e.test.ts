import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { openEventLog } from "../src/report/event-log.ts";
import { readSettings } from "../src/settings/read-settings.ts";
import { progressReporter } from "../src/story/reporter.ts";
import { startDeployment } from "../src/story/start-deployment.ts";
import type { Deployment } from "../src/story/start-deployment.ts";
import { testChapters } from "./story/chapters.ts";
import { testReport } from "./story/report.ts";
import { sandboxStory } from "./story/story.ts";
import type { Story } from "./story/story.ts";

// One deployment for all chapters: it takes half a minute to start.
describe("the story, from CA to presigned link", () => {
  let deployment: Deployment;
  const story = (): Story => sandboxStory(deployment);
  let temporaryFolder: string;
  let reportFolder: string;
  beforeAll(async () => {
    const settings = readSettings(process.env);
    temporaryFolder = await mkdtemp(join(tmpdir(), "story-"));
    reportFolder = settings.reportFolder ?? temporaryFolder;
    deployment = await startDeployment({
      settings,
      log: openEventLog(reportFolder, "story"),
      environment: process.env,
      reporter: progressReporter,
    });
  });
  afterAll(async () => {
    await deployment?.stop();
    await rm(temporaryFolder, { recursive: true });
  });

  testChapters(story);
  testReport(
    () => deployment,
    () => reportFolder,
  );
});
