import { expect, it } from "vitest";
import { createTranscript } from "./reporter.ts";

function transcriptWith(columns: number | undefined): string {
  let written = "";
  const reporter = createTranscript({ write: (text) => (written += text), colour: false, columns });
  reporter.chapter("Chapter");
  reporter.status("a status that is longer than the line");
  reporter.status("the next");
  reporter.result("one\ntwo\n");
  return written;
}

it("leaves a status out where no terminal shows it", () => {
  expect(transcriptWith(undefined)).toBe("\nChapter\n  one\n  two\n");
});

it("erases a status before the next line, and keeps it within one line", () => {
  const erase = "\r\u001b[2K";
  expect(transcriptWith(12)).toBe(`\nChapter\n  a status ${erase}  the next${erase}  one\n  two\n`);
});
