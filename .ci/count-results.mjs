// Adds up the reports of the test runners and prints the sum as the last line: N passed, N failed. Exits with 1 unless
// all tests passed.
//
//   node .ci/count-results.mjs <logs folder> "passed passed failed"
//
// Reports are those of the workspaces, and those that the workflows uploaded to the folder `artifacts` of the logs. The
// second argument has the result of each step. A step that failed without a failed test counts as one failed test.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [logs, steps] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const report of vitestReports()) {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  total.passed += numPassedTests;
  total.skipped += numPendingTests;
  // A file that could not even be loaded has no tests to count.
  const unloaded = testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  total.failed += numFailedTests + unloaded.length;
}

const compose = join(logs, "artifacts", "test-reports-compose", "compose.log");
const [, passed, failed] =
  (existsSync(compose) && /(\d+) passed, (\d+) failed\n$/.exec(readFileSync(compose, "utf8"))) || [];
total.passed += Number(passed ?? 0);
total.failed += Number(failed ?? 0);

// A workspace whose tests did not run counts as one failed test.
for (const workspace of workspaces()) {
  const { scripts } = JSON.parse(readFileSync(join(workspace, "package.json"), "utf8"));
  if (scripts?.test === undefined || existsSync(join(workspace, "reports", "vitest.json"))) continue;
  console.log(`${workspace} has tests, but no report`);
  total.failed += 1;
}

const failedSteps = steps.split(" ").filter((result) => result === "failed").length;
if (failedSteps > 0) {
  console.log(`${failedSteps} steps failed; the logs are in ${logs}`);
  total.failed = Math.max(total.failed, failedSteps);
}
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

function vitestReports() {
  const own = workspaces().flatMap((workspace) => jsonFiles(join(workspace, "reports"), false));
  // What the jobs of the workflows uploaded.
  return [...own, ...jsonFiles(join(logs, "artifacts"), true)];
}

function jsonFiles(folder, recursive) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(folder, name));
}

function workspaces() {
  const inFolders = ["packages", "apps"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  // The root has tests of its own, about the repository as a whole.
  return [".", ...inFolders].filter((workspace) => existsSync(join(workspace, "package.json")));
}
