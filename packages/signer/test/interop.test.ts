// The suite that compares ra-signer with aws_signing_helper, put to the test itself: with ra-signer in the helper's place,
// and with stand-ins that differ from it in one thing.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, describe, expect, it } from "vitest";

import { count, formatReport } from "../interop/report.ts";
import { judgeRow } from "../interop/judge-row.ts";
import type { JudgedRow } from "../interop/judge-row.ts";
import { openLab } from "../interop/lab.ts";
import type { Row } from "../interop/row.ts";
import { allRows } from "../interop/rows/all-rows.ts";
import { runMatrix } from "../interop/run-matrix.ts";
import { temporaryFolder } from "@roles-anywhere/testing";
import { MAIN } from "./support/run-cli.ts";

const folder = temporaryFolder();
const lab = openLab();
afterAll(async () => {
  await lab.close();
  folder[Symbol.dispose]();
});

const rows = allRows();
const named = (...names: readonly string[]): readonly Row[] =>
  rows.filter(({ name }) => names.includes(name));

/** Runs ra-signer in its own process, after a change. */
function standIn(name: string, change: string): string {
  const path = folder.join(`${name}.js`);
  writeFileSync(path, `const words = process.argv.slice(2);\n${change}\nrequire(${JSON.stringify(MAIN)});\n`);
  return path;
}

async function compareWith(helper: string, some: readonly Row[]): Promise<readonly JudgedRow[]> {
  return runMatrix({ ours: { path: MAIN }, helper: { path: helper }, rows: some, lab });
}

describe("the interop matrix", () => {
  it("has a name of its own for each row", () => {
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  it("finds ra-signer equal to itself, and each declared difference vanished", async () => {
    // The whole matrix takes a minute; every tenth row is of every group.
    const some = rows.filter((_, index) => index % 10 === 0);
    const judged = await compareWith(MAIN, some);
    expect(judged.filter(({ verdict }) => verdict === "different")).toEqual([]);
    for (const [index, { verdict }] of judged.entries()) {
      if (verdict === "skipped") continue;
      expect({ name: some[index]?.name, verdict }).toEqual({
        name: some[index]?.name,
        verdict: some[index]?.difference === undefined ? "equal" : "vanished",
      });
    }
  });

  const SESSION_NAME = "flags: --role-session-name";
  const UNKNOWN = "wrong flags: an unknown one";
  const COMPLETION = "help: completion";
  const MODE = "update: no file";
  const TOKEN = "serve: --hop-limit";

  it.each<[thing: string, change: string, row: string, aspects: readonly string[]]>([
    [
      "prints a line feed",
      'if (words.includes("--role-session-name")) process.on("exit", () => require("fs").writeSync(1, "\\n"));',
      SESSION_NAME,
      ["stdout"],
    ],
    [
      "sends another Content-Type than it has signed",
      `const { prototype } = require("net").Socket;
       for (const method of ["write", "end"]) {
         const original = prototype[method];
         prototype[method] = function (data, ...rest) {
           const text = String(data).replace(/(content-type: application\\/)json/i, "$1x-amz-json-1.0");
           return original.call(this, words.includes("--role-session-name") && data ? text : data, ...rest);
         };
       }`,
      SESSION_NAME,
      ["headers", "signature"],
    ],
    [
      "ends with another code",
      'if (words.includes("--nonsense")) process.on("exit", () => process.reallyExit(2));',
      UNKNOWN,
      ["exit"],
    ],
    [
      "differs in another way than is declared",
      'if (words[0] === "completion") process.exit(0);',
      COMPLETION,
      ["stdout"],
    ],
    [
      "leaves another file mode",
      'if (words[0] === "update") process.on("exit", () => require("fs").chmodSync(process.env.AWS_SHARED_CREDENTIALS_FILE, 0o644));',
      MODE,
      ["mode"],
    ],
    [
      "answers with another Content-Type",
      `const { prototype } = require("http").ServerResponse;
       const { setHeader } = prototype;
       prototype.setHeader = function (name, value) { return setHeader.call(this, name, String(value).replace("text/plain", "application/json")); };`,
      TOKEN,
      ["content type"],
    ],
  ])("fails on the right row when the helper %s", async (thing, change, row, aspects) => {
    const some = named(row, SESSION_NAME, UNKNOWN);
    const judged = await compareWith(standIn(thing.replaceAll(/\W/g, "-"), change), some);
    const different = judged.filter(({ verdict }) => verdict === "different");
    expect(different.map(({ name }) => name)).toEqual([row]);
    expect(different[0]?.problems.map((problem) => problem.split(":")[0])).toEqual(aspects);
  });

  it("accepts a difference that is as declared, and says why", async () => {
    const change = 'if (words[0] === "completion") { console.log("complete"); process.exit(0); }';
    const [judged] = await compareWith(standIn("completes", change), named(COMPLETION));
    expect(judged).toEqual({
      name: COMPLETION,
      verdict: "declared",
      reason: "there are no completion scripts here",
      problems: [],
    });
  });
});

describe("judgeRow", () => {
  const row = (changes: Partial<Row> = {}): Row => ({ name: "a row", observe: async () => ({}), ...changes });
  const difference = { reason: "why", helper: { exit: "2" }, ours: { exit: "1" } };

  it.each<[string, Row, Record<string, string>, Record<string, string>, string]>([
    ["both the same", row(), { exit: "0" }, { exit: "0" }, "equal"],
    ["an undeclared difference", row(), { exit: "0" }, { exit: "1" }, "different"],
    ["an aspect of one only", row(), { exit: "0", body: "" }, { exit: "0" }, "different"],
    ["both not as expected", row({ expected: { exit: "1" } }), { exit: "0" }, { exit: "0" }, "different"],
    ["an expected aspect that neither has", row({ expected: { body: /./ } }), {}, {}, "different"],
    ["a declared difference", row({ difference }), { exit: "1" }, { exit: "2" }, "declared"],
    ["a declared difference that vanished", row({ difference }), { exit: "1" }, { exit: "1" }, "vanished"],
    [
      "a difference that vanished in part",
      row({
        difference: { reason: "why", helper: { exit: "2", stdout: "x" }, ours: { exit: "1", stdout: "" } },
      }),
      { exit: "1", stdout: "" },
      { exit: "2", stdout: "" },
      "different",
    ],
    ["ra-signer not as declared", row({ difference }), { exit: "3" }, { exit: "2" }, "different"],
    ["the helper not as declared", row({ difference }), { exit: "1" }, { exit: "3" }, "different"],
  ])("takes %s for what it is", (_, subject, ours, helper, verdict) => {
    expect(judgeRow(subject, ours, helper).verdict).toBe(verdict);
  });

  it("is reported with both values and the counts", () => {
    const judged = [judgeRow(row(), { exit: "0" }, { exit: "1" })];
    expect(count(judged, "different")).toBe(1);
    expect(formatReport(judged)).toBe(
      "different  a row\n\na row\n  exit: differs, and no row says that it may\n" +
        '    ra-signer: "0"\n    helper:    "1"\n\n' +
        "1 rows: 0 equal, 0 declared, 0 vanished, 1 different, 0 skipped\n",
    );
  });
});

describe("npm run interop", () => {
  const script = fileURLToPath(new URL("../interop/main.ts", import.meta.url));
  const run = async (
    environment: Readonly<Record<string, string>>,
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
    promisify(execFile)(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...words], {
      env: { PATH: process.env["PATH"], ...environment },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it("says that it was not run, and how to run it, without a helper", async () => {
    const result = await run({});
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(
      /was not run[\s\S]*AWS_SIGNING_HELPER=\/path\/to\/aws_signing_helper npm run interop/,
    );
  });

  it("fails when there is no such helper", async () => {
    expect(await run({ AWS_SIGNING_HELPER: "/nonexistent" })).toMatchObject({ code: 2, stdout: "" });
  });

  it("ends with 0 when nothing differs, with 1 when a row differs", async () => {
    const row = "help: an unknown command";
    expect(await run({ AWS_SIGNING_HELPER: MAIN }, row)).toMatchObject({
      code: 0,
      stdout: `equal      ${row}\n\n1 rows: 1 equal, 0 declared, 0 vanished, 0 different, 0 skipped\n`,
    });
    const helper = standIn("silent", "process.exit(0);");
    expect(await run({ AWS_SIGNING_HELPER: helper }, row)).toMatchObject({ code: 1 });
  });
});
