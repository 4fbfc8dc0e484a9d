import type { RecordedAnswer } from "./account-story.ts";

/** The answers as a Markdown table, to compare with docs/open-questions.md. It has ARNs, and no secret. */
export function answersTable(answers: readonly RecordedAnswer[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
  return [
    "| asked by | status | error | message |",
    "| --- | --- | --- | --- |",
    ...answers.map(
      ({ test, status, errorType, message = "" }) =>
        `| ${[test.split(" > ").at(-1) ?? "", String(status), errorType ?? "", message].map(cell).join(" | ")} |`,
    ),
    "",
  ].join("\n");
}
