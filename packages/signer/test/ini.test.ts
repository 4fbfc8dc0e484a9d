// Our two readers against what botocore made of the same files when they were recorded (RA_INI_RECORD=1 in ini.integ.ts), and
// against the parser of the AWS SDK for JavaScript, which is asked here.
import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { expect, it } from "vitest";

import { editFaults, editsOf, iniFile, javaScriptReader, readingFaults } from "./support/ini-files.ts";
import type { BotocoreReading } from "./support/ini-files.ts";

const records: readonly { readonly text: string; readonly reading: BotocoreReading }[] = JSON.parse(
  readFileSync(new URL("support/botocore-readings.json", import.meta.url), "utf8"),
);

it(`reads ${records.length} files as botocore and the JavaScript SDK do`, async () => {
  using javaScript = javaScriptReader();
  const faults: string[] = [];
  for (const { text, reading } of records) {
    const found = readingFaults(text, reading, await javaScript.read(text));
    faults.push(...found.map((fault) => `${JSON.stringify(text)}: ${fault}`));
  }
  expect(faults).toEqual([]);
  expect(records.filter(({ reading }) => reading.error === undefined).length).toBeGreaterThan(100);
});

it("edits files so that the JavaScript SDK finds nothing lost, doubled or overlooked", async () => {
  using javaScript = javaScriptReader();
  const notAsked = { before: { error: "not asked" }, after: { error: "not asked" } };
  await fc.assert(
    fc.asyncProperty(iniFile, async (text) => {
      const before = await javaScript.read(text);
      for (const edit of editsOf(text)) {
        const after = edit.after === undefined ? undefined : await javaScript.read(edit.after);
        expect(editFaults(text, edit, notAsked, { before, after })).toEqual([]);
      }
    }),
    { numRuns: 300, seed: 12 },
  );
});
