// Makes a CA and a client certificate for a job that has no secrets, and gives them to the steps that follow.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const { RUNNER_TEMP = "", GITHUB_OUTPUT = "" } = process.env;
const folder = mkdtempSync(join(RUNNER_TEMP, "pki-"));
for (const words of [
  ["init", "--dir", folder],
  ["issue", "--dir", folder, "--name", "ci"],
]) {
  const run = spawnSync("node", ["packages/pki/bin/ra-pki.js", ...words], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (run.status !== 0) throw new Error(`ra-pki ${words.join(" ")} failed; its message is above`);
}
const read = (name: string): string => readFileSync(join(folder, name), "utf8").trim();
const key = read("ci.key");
for (const line of `${key}\n${read("ci.pem")}`.split("\n")) {
  if (!line.startsWith("-----")) console.log(`::add-mask::${line}`);
}
for (const [name, value] of [
  ["ca", read("rootCA.pem")],
  ["certificate", read("ci.pem")],
  ["key", key],
]) {
  appendFileSync(GITHUB_OUTPUT, `${name}<<END-OF-PEM\n${value}\nEND-OF-PEM\n`);
}
rmSync(folder, { recursive: true });
