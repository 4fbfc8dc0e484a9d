import { mkdir, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { STACK_PREFIX } from "../src/account/account-flags.ts";
import { openAccount } from "../src/account/open-account.ts";
import { CREATED, destroyCommandFor } from "../src/account/plan.ts";
import { startAccountDeployment } from "../src/account/start-account-deployment.ts";
import type { AccountDeployment } from "../src/account/start-account-deployment.ts";
import { record } from "../src/report/records.ts";
import type { ReportRecord } from "../src/report/records.ts";
import { progressReporter } from "../src/story/reporter.ts";
import { accountStory } from "./account/account-story.ts";
import type { RecordedAnswer } from "./account/account-story.ts";
import { answersTable } from "./account/answers.ts";
import { expectedAnswer, QUESTIONS } from "./account/questions.ts";
import { testChapters } from "./story/chapters.ts";
import type { Story } from "./story/story.ts";

// Not a part of `npm run test:e2e`: `npm run test:aws -w packages/e2e` runs it, in the account that these variables name.
const variables = z.object({
  RA_AWS_ACCOUNT: z.string().regex(/^\d{12}$/),
  RA_AWS_REGION: z.string().regex(/^[a-z]{2}-[a-z]+-\d$/),
});
const reports = fileURLToPath(new URL("../reports/", import.meta.url));

describe("the story in an account of AWS", () => {
  const answers: RecordedAnswer[] = [];
  const records: ReportRecord[] = [];
  let deployment: AccountDeployment;
  const story = (): Story => accountStory(deployment, answers);

  beforeAll(async () => {
    const { RA_AWS_ACCOUNT: accountId, RA_AWS_REGION: region } = variables.parse(process.env);
    const environment = process.env;
    const account = await openAccount({ accountId, region, environment });
    const stackName = `${STACK_PREFIX}story-${randomBytes(4).toString("hex")}`;
    progressReporter.progress(`Should this be killed: ${destroyCommandFor(account, stackName)}`);
    deployment = await startAccountDeployment({
      ...{ account, stackName, environment, reporter: progressReporter },
      log: { name: "story", add: (each) => void records.push(record.parse(each)) },
    });
  });
  afterAll(async () => {
    await deployment?.stop();
    await mkdir(reports, { recursive: true });
    await writeFile(`${reports}aws-answers.md`, answersTable(answers));
  });

  testChapters(story);

  it("created what was announced, and nothing else", () => {
    const made = records.flatMap((each) =>
      each.kind === "stack-event" && each.status === "CREATE_COMPLETE" ? [each.type] : [],
    );
    expect(made.toSorted()).toEqual(CREATED.map(([type]) => type).toSorted());
  });

  // AWS may answer otherwise: that is what is to be found out. So only programs in the role of AWS are held to the mock's.
  describe("open questions", () => {
    it.each(QUESTIONS)("$id", async (question) => {
      const answer = await question.ask(story());
      expect(answer).toMatchObject(expectedAnswer(question, deployment.account));
    });
  });
});
