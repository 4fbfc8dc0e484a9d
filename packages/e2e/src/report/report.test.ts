import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { reportBench } from "@roles-anywhere/testing";
import { afterAll, describe, expect, it } from "vitest";
import { recordsWith } from "../../test/support/sample-records.ts";
import { openEventLog, readEventLogs } from "./event-log.ts";
import { renderPage } from "./page.ts";
import { record } from "./records.ts";
import { renderSummary } from "./summary.ts";

const folder = mkdtempSync(join(tmpdir(), "report-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pageWith = (text: string): string => renderPage([{ name: text, records: recordsWith(text) }]);
const summaryWith = (text: string): string => renderSummary([{ name: text, records: recordsWith(text) }]);

/** Text of others that tries to become markup, or to deceive the reader. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ["an element", "<script>alert(1)</script><img src=https://evil.example/x>"],
  ["the end of an attribute", `" onload="alert(1)" x='`],
  ["the end of an element", "</text></svg></title></style><b>"],
  ["an entity", "&lt;b&gt; &#60;b>"],
  ["a change of the writing direction", "safe\u202Eevil\u2066"],
  ["control characters", "a\u0000\u001b[2Jb\r\nc"],
  ["half a character", "a\ud800b"],
  ["Markdown", "| a | `code` **b** [link](https://evil.example) ![](//evil.example/x) @someone ~~c~~ #1"],
];

/** The page without the difference between line breaks and spaces, which a browser does not make either. */
function wordsOf(page: string): string {
  return page.replaceAll(/\s+/g, " ");
}

/** The tags of a page without its styles: `<td class="good">`. */
function tagsOf(page: string): string[] {
  return page.replace(/<style>[^]*?<\/style>/, "").match(/<[^>]*>/g) ?? [];
}

/** The same tags for every text: none of it became markup. Words and numbers in attributes of ours are left out. */
function skeletonOf(page: string): string[] {
  return tagsOf(page).map((tag) => tag.replaceAll(/="[^"]*"/g, '=""').replaceAll(/\s+/g, " "));
}

describe("the page", () => {
  it.each([
    ["process", "this report shows no call to AWS"],
    ["aws", "Runs on the aws back end worked in an account of AWS"],
  ] as const)("says of a run on the back end %s whether it was in an account", (backend, sentence) => {
    const run = record.parse({ kind: "run", at: "2026-01-02T03:04:05.000Z", name: "demo", backend });
    expect(wordsOf(renderPage([{ name: "demo", records: [run] }]))).toContain(sentence);
  });

  it.each(HOSTILE)("shows %s as text", (_, text) => {
    expect(skeletonOf(pageWith(text))).toEqual(skeletonOf(pageWith("harmless")));
  });

  it.each(HOSTILE)("has no invisible character of %s", (_, text) => {
    expect(pageWith(text).replaceAll(/[ -~\n…✓✗·×\uFFFD]/g, "")).toBe("");
  });

  it("loads nothing and runs nothing", () => {
    const page = pageWith("https://evil.example/x.js");
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(
      tagsOf(page).filter((tag) => /^<(script|link|img|iframe|a|image|use)\b|\s(src|href|on\w+)=/i.test(tag)),
    ).toEqual([]);
    expect(/<style>[^]*?<\/style>/.exec(page)?.[0]).not.toMatch(/url\(|@import/);
  });

  it("shows each record: verdicts, reasons, steps, limits", () => {
    const page = wordsOf(pageWith("shown"));
    for (const text of [
      "✗ 403 refused",
      "✓ 201 granted",
      "✗ failed",
      "0 of 1</b>drills passed",
      "21 of 22</b>requests of the soak answered",
      "0 of 1</b>benches within their limit",
      "1.50 × of 1.2",
    ]) {
      expect(page).toContain(text);
    }
  });

  it("is a page also without records", () => {
    expect(renderPage([])).toContain("</html>");
  });
});

describe("the summary", () => {
  it.each(HOSTILE)("shows %s as text", (_, text) => {
    const cellsOf = (summary: string): number[] =>
      summary.split("\n").map((line) => line.replaceAll(/\\./g, "").split("|").length);
    const summary = summaryWith(text);
    expect(cellsOf(summary)).toEqual(cellsOf(summaryWith("harmless")));
    expect(summary).not.toMatch(/<|https?:|@|(?<!\\)[`[\]]/);
  });

  it("has the figures and a table for each kind of result", () => {
    expect(
      summaryWith("shown")
        .split("\n")
        .filter((line) => line !== ""),
    ).toEqual([
      "## Report",
      "- ❌ **0 of 1** drills passed",
      "- ❌ **21 of 22** requests of the soak answered",
      "- ❌ **0 of 1** benches within their limit",
      "- **1** sessions granted",
      "- **1** sessions refused",
      "### Drills",
      "| drill | verdict | seconds | claim |",
      "| --- | --- | --- | --- |",
      "| shown | ❌ failed | 3.0 | shown |",
      "### Soak",
      "| soak | requests | failures | slowest p99 | renewals | faults |",
      "| --- | --- | --- | --- | --- | --- |",
      "| shown | 22 | 1 | 70 ms | 1 | 1 |",
      "### Benches",
      "| package | bench | ratio | limit |",
      "| --- | --- | --- | --- |",
      "| shown | shown | 1.50 | ❌ 1.2 |",
      "| signer | no limit | 2.00 |  |",
      String.raw`### CreateSession: shown \(process back end\)`,
      "| time | verdict | reason | certificate |",
      "| --- | --- | --- | --- |",
      "| 03:04:05 | ⛔ 403 refused | shown | shown |",
      "| 03:04:06 | ✅ 201 granted |  | CN=server |",
    ]);
  });
});

describe("a record", () => {
  const request = {
    kind: "app-request",
    at: "2026-01-02T03:04:05Z",
    server: "s3",
    method: "GET",
    path: "/b/k",
    status: 200,
    milliseconds: 1,
  };

  it.each([
    ["another kind", { kind: "secret" }],
    ["a query, which may be a credential", { path: "/b/k?X-Amz-Signature=1" }],
    ["a member that nobody knows", { token: "x" }],
    ["a time without a zone", { at: "2026-01-02T03:04:05" }],
    ["a missing status", { status: undefined }],
  ])("is refused with %s", (_, change) => {
    expect(record.safeParse(request).success).toBe(true);
    expect(record.safeParse({ ...request, ...change }).success).toBe(false);
  });

  it("is what a bench of another package writes", () => {
    reportBench(
      { package: "signer", name: "one beside another", ratio: 1.5, limit: 2 },
      join(folder, "benches"),
    );
    expect(readEventLogs(join(folder, "benches"))).toEqual([
      {
        name: "bench-signer",
        records: [
          expect.objectContaining({
            kind: "bench",
            package: "signer",
            name: "one beside another",
            ratio: 1.5,
            limit: 2,
          }),
        ],
      },
    ]);
  });

  it("has its long texts cut off", () => {
    const step = record.parse({ kind: "step", at: request.at, phase: 1, text: "x".repeat(9000), seconds: 1 });
    expect(JSON.stringify(step).length).toBeLessThan(4200);
  });
});

describe("the command", () => {
  const main = fileURLToPath(new URL("../../bin/report.js", import.meta.url));
  const report = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
      encoding: "utf8",
      cwd: folder,
      env: {},
    });
    return { status, stdout, stderr };
  };

  it("makes page and summary from the logs of a folder", () => {
    const logs = join(folder, "logs");
    for (const name of ["demo", "drills & soak"]) {
      const log = openEventLog(logs, name);
      for (const event of recordsWith("x")) log.add(event);
    }
    expect(readEventLogs(logs).map(({ name, records }) => [name, records])).toEqual([
      ["demo", recordsWith("x")],
      ["drills-soak", recordsWith("x")],
    ]);
    expect(report("--from", "logs", "--html", "page.html", "--summary", "summary.md")).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(wordsOf(readFileSync(join(folder, "page.html"), "utf8"))).toContain("from 2 logs");
    expect(readFileSync(join(folder, "summary.md"), "utf8")).toContain("0 of 2");
  });

  it("names the line that is no record", () => {
    const logs = join(folder, "broken");
    openEventLog(logs, "demo").add({ kind: "run", at: "2026-01-02T03:04:05Z", name: "demo" });
    appendFileSync(join(logs, "demo.jsonl"), '{"kind":"run"}\n');
    expect(report("--from", "broken", "--html", "page.html")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^report: .*demo\.jsonl:2 is no record of a report: .*\n$/),
    });
  });

  it.each([
    {
      what: "neither page nor summary",
      words: ["--from", "logs"],
      status: 2,
      stderr: /^report: give --html, --summary or both; see npm run report -- --help\n$/,
    },
    {
      what: "no folder",
      words: ["--html", "x"],
      status: 2,
      stderr: /^report: required option '--from <folder>' not specified; see npm run report -- --help\n$/,
    },
    {
      what: "a folder that is not there",
      words: ["--from", "none", "--html", "x"],
      status: 1,
      stderr: /^report: ENOENT.*none'\n$/,
    },
  ])("says what is wrong with $what", ({ words, status, stderr }) => {
    expect(report(...words)).toEqual({ status, stdout: "", stderr: expect.stringMatching(stderr) });
  });
});
