// What botocore itself makes of files as people have them, and of what update and configure make of those files. Skipped
// without a Python that has boto3; RA_PYTHON names one. RA_INI_FILES is the number of files, RA_SEED chooses them.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { findPython, temporaryFolder } from "@roles-anywhere/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { editFaults, editsOf, iniFile, javaScriptReader, readingFaults } from "./support/ini-files.ts";
import type { BotocoreReading } from "./support/ini-files.ts";

const found = findPython(["boto3"]);
const python = "python" in found ? found.python : undefined;
const count = Number(process.env["RA_INI_FILES"] ?? 3000);
const seed = Number(process.env["RA_SEED"] ?? 11);
/** For the unit tests, with RA_INI_RECORD=1. */
const RECORDED = 400;
const RECORDS = fileURLToPath(new URL("support/botocore-readings.json", import.meta.url));

/** Reads files given in hex, one a line, and prints what botocore makes of each. */
const PROGRAM = `
import json, os, sys, tempfile
from botocore.configloader import build_profile_map, raw_config_parse
path = os.path.join(sys.argv[1], "file")
for line in sys.stdin:
    with open(path, "wb") as file:
        file.write(bytes.fromhex(line.strip()))
    try:
        raw_config_parse(path)
        raw = raw_config_parse(path, parse_subsections=False)
        profiles = build_profile_map(raw)["profiles"]
        print(json.dumps({"raw": raw, "profiles": profiles}))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__}))
    sys.stdout.flush()
`;

/** Botocore's parser in one process for all files. */
function startBotocore(folder: string): AsyncDisposable & { read(text: string): Promise<BotocoreReading> } {
  const child = spawn(python ?? "", ["-c", PROGRAM, folder], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", PYTHONUTF8: "1", HOME: "/nonexistent" },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async read(text) {
      child.stdin.write(`${Buffer.from(text, "latin1").toString("hex")}\n`);
      const { value } = await lines.next();
      const reading: BotocoreReading = JSON.parse(String(value));
      return reading;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, "close");
    },
  };
}

describe.runIf(python !== undefined)(`${count} files (RA_INI_FILES), chosen by RA_SEED=${seed}`, () => {
  it(
    "are read as botocore and the JavaScript SDK read them; no edit loses, doubles or overlooks a setting",
    { timeout: 3_600_000 },
    async () => {
      using folder = temporaryFolder();
      await using botocore = startBotocore(folder.path);
      using javaScript = javaScriptReader();
      const faults: string[] = [];
      const tally = { accepted: 0, edits: 0, refusedEdits: 0, refusedByUpdate: 0 };
      const records: unknown[] = [];
      for (const text of fc.sample(iniFile, { numRuns: count, seed })) {
        const before = { botocore: await botocore.read(text), javaScript: await javaScript.read(text) };
        const seen = [...readingFaults(text, before.botocore, before.javaScript)];
        tally.accepted += Number(before.botocore.error === undefined);
        for (const edit of editsOf(text)) {
          const { after } = edit;
          tally.edits += Number(after !== undefined);
          tally.refusedEdits += Number(after === undefined);
          tally.refusedByUpdate += Number(after === undefined && edit.command === "update");
          const now = {
            botocore: after === undefined ? undefined : await botocore.read(after),
            javaScript: after === undefined ? undefined : await javaScript.read(after),
          };
          seen.push(
            ...editFaults(
              text,
              edit,
              { before: before.botocore, after: now.botocore },
              { before: before.javaScript, after: now.javaScript },
            ),
          );
        }
        faults.push(...seen.map((fault) => `${JSON.stringify(text)}: ${fault}`));
        if (records.length < RECORDED) records.push({ text, reading: before.botocore });
      }
      // oxlint-disable-next-line no-console -- how much was tried is part of the result
      console.log(JSON.stringify({ seed, files: count, ...tally, faults: faults.length }));
      if (process.env["RA_INI_RECORD"] !== undefined)
        writeFileSync(RECORDS, `${JSON.stringify(records, undefined, 1)}\n`);
      expect(faults.slice(0, 40)).toEqual([]);
      // Else there would be nothing that could go wrong.
      expect(tally.accepted).toBeGreaterThan(count / 10);
      expect(tally.edits).toBeGreaterThan(count);
    },
  );
});
