// Looks for the private key, the certificate and the credentials of a job in the files that it wrote, and in the command
// lines and environments of all processes but this one. Run it with exec, so that no shell has its environment.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const { env } = process;
/** Of a PEM text each line that is long enough to be found by. */
const linesOf = (pem: string): string[] =>
  pem
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[\w+/]{40,}=*$/.test(line));
const NEEDLES = new Map<string, readonly string[]>([
  ["private key", linesOf(env["PRIVATE_KEY"] ?? "")],
  ["certificate", linesOf(env["CERTIFICATE"] ?? "")],
  ["secret access key", [env["AWS_SECRET_ACCESS_KEY"] ?? ""].filter(Boolean)],
  ["session token", [env["AWS_SESSION_TOKEN"] ?? ""].filter(Boolean)],
]);
for (const [what, needles] of NEEDLES)
  if (needles.length === 0) throw new Error(`there is no ${what} to look for`);

const found = new Set<string>();
function look(where: string, text: string): void {
  for (const [what, needles] of NEEDLES) {
    if (needles.some((needle) => text.includes(needle))) found.add(`${what} in ${where}`);
  }
}

let files = 0;
const began = Number(env["JOB_BEGAN"]) * 1000;
if (!(began > 0)) throw new Error("JOB_BEGAN does not say when the job began");
function lookInFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) lookInFolder(path);
    const status = entry.isFile() ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (status === undefined || status.mtimeMs < began - 1000) continue;
    files += 1;
    look(path, readFileSync(path, "latin1"));
  }
}
const folders = [
  env["GITHUB_WORKSPACE"],
  env["RUNNER_TEMP"],
  dirname(env["GITHUB_ENV"] ?? ""),
  join(env["HOME"] ?? "", ".aws"),
];
for (const folder of folders) if (folder && existsSync(folder)) lookInFolder(folder);

let processes = 0;
for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
  for (const name of ["cmdline", "environ"]) {
    try {
      look(`/proc/${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`, "latin1"));
      processes += name === "cmdline" ? 1 : 0;
    } catch {
      // It ended, or is another user's.
    }
  }
}
for (const line of found) console.log(`::error::${line}`);
if (found.size > 0) process.exit(1);
// With these a test finds the secret access key in the log without knowing it.
const secret = env["AWS_SECRET_ACCESS_KEY"] ?? "";
const hash = createHash("sha256").update(secret).digest("hex");
console.log(
  `nothing found in ${files} files and ${processes} processes; secret of ${secret.length} characters, sha256 ${hash}`,
);
