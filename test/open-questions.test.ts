import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const E2E = join(ROOT, "packages/e2e/test");

/** The last cells of the rows of all tables: who shows AWS's answer. */
const answers = readFileSync(join(ROOT, "docs/open-questions.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!question |-)/.test(line))
  .map((line) => line.split("|").at(-2)?.trim() ?? "");

const questions = [
  ...readFileSync(join(E2E, "account/questions.ts"), "utf8").matchAll(/ id: "([^"]+)"/g),
].map(([, id]) => id);
const stories = ["story.aws.test.ts", ...readdirSync(join(E2E, "story")).map((name) => `story/${name}`)]
  .map((name) => readFileSync(join(E2E, name), "utf8"))
  .join("\n");

it("every question that the tests ask of AWS is in docs/open-questions.md, and none that they do not ask", () => {
  const named = answers.flatMap((cell) =>
    [...cell.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map(([, id]) => id),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.toSorted()).toEqual(questions.toSorted());
});

it("docs/open-questions.md names tests of the story that there are", () => {
  const named = answers.flatMap((cell) => [...cell.matchAll(/_([^_]+)_/g)].map(([, title = ""]) => title));
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((title) => !stories.includes(`it("${title}"`))).toEqual([]);
});
