// Starts ra-sandbox in the background and waits until it is ready.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const input = (name) => (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();
const { RUNNER_TEMP, GITHUB_OUTPUT, GITHUB_STATE } = process.env;

/** Ends the step. A workflow command is one line. */
function fail(message) {
  const line = message.trim().replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  console.log(`::error title=Roles Anywhere sandbox::${line}`);
  process.exit(1);
}

/** The file of ra-sandbox, after installing it if the input is the name of a package. */
function findProgram(folder) {
  const source = input("sandbox");
  if (existsSync(source)) return resolve(source);
  const options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  try {
    execFileSync("npm", ["install", "--prefix", folder, ...options, source], { stdio: "inherit" });
  } catch {
    fail(`npm could not install ${source}; its messages are above`);
  }
  return join(folder, "node_modules", "@roles-anywhere", "sandbox", "bin", "ra-sandbox.js");
}

const folder = mkdtempSync(join(RUNNER_TEMP, "ra-sandbox-action-"));
const program = findProgram(folder);
const words = ["up", "--json", "--backend", input("backend"), "--region", input("region")];
words.push("--account", input("account-id"));
if (input("services") !== "") words.push("--services", input("services"));
if (input("enforce-iam") === "true") words.push("--enforce-iam");

const answer = join(folder, "answer.json");
const log = join(folder, "log.txt");
// This action may run on a Node.js of the runner's own; the sandbox runs on that of the PATH.
const child = spawn("node", [program, ...words], {
  detached: true,
  stdio: ["ignore", openSync(answer, "w", 0o600), openSync(log, "w", 0o600)],
});
let ended;
child.on("error", (error) => (ended = error.message));
child.on("exit", (code, signal) => (ended ??= `exit code ${code ?? signal}`));
// Also when this step fails or is cancelled, the post step stops it.
appendFileSync(GITHUB_STATE, `pid=${child.pid}\nlog=${log}\n`);

const deadline = Date.now() + Number(input("timeout-seconds")) * 1000;
while (!readFileSync(answer, "utf8").includes("\n")) {
  const messages = readFileSync(log, "utf8");
  if (ended !== undefined) fail(`the sandbox did not start (${ended}): ${messages}`);
  if (!(Date.now() < deadline)) {
    fail(`the sandbox was not ready after ${input("timeout-seconds")} seconds: ${messages}`);
  }
  await pause(100);
}
const ready = JSON.parse(readFileSync(answer, "utf8"));
for (const name of ["endpointUrl", "rolesAnywhereEndpoint", "region", "accountId"]) {
  appendFileSync(GITHUB_OUTPUT, `${name}=${ready[name]}\n`);
}
console.log(readFileSync(log, "utf8").trim());
console.log(`AWS at ${ready.endpointUrl}, Roles Anywhere at ${ready.rolesAnywhereEndpoint}`);
child.unref();
