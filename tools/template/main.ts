// Renames this repository: `./scripts/rename --help`. Everything is worked out first and written at the end, so that a
// refusal or a failure leaves every file as it was. Only Node.js and git are needed until prettier formats the result.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KIT_ONLY } from "./kit-only.ts";
import { readNames, Refusal, TEMPLATE_NAMES, USAGE } from "./names.ts";
import type { Names } from "./names.ts";
import { isTemplate, planRename } from "./plan.ts";
import type { Files } from "./plan.ts";
import { writePlan } from "./write-plan.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LOCK = "package-lock.json";

async function rename(args: readonly string[]): Promise<void> {
  const tracked = refuseUnlessClean();
  const names = readNames(args, workspaceNames(tracked));
  if (names === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  const before: Files = new Map(tracked.map((path) => [path, readFileSync(join(ROOT, path))]));
  if (!isTemplate(before))
    throw new Refusal("this repository has names of its own already; they are changed once");
  const plan = planRename(before, names);
  installDependencies();
  const files = await formatted(withLock(plan.files));
  writePlan(ROOT, before, { ...plan, files }, [`apps/${TEMPLATE_NAMES.app}`, `apps/${names.app}`]);
  say(report(names));
}

/** The files that git tracks, when nothing else has changed: what this does must be possible to look at and to undo. */
function refuseUnlessClean(): string[] {
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });
  let changed: string[];
  try {
    changed = git("status", "--porcelain")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    throw new Refusal(
      "this is no git repository; run git init, git add --all and git commit first, so that you can look at the changes and undo them",
    );
  }
  if (changed.length > 0)
    throw new Refusal(
      `the working tree has changes (${changed
        .slice(0, 3)
        .map((line) => JSON.stringify(line.slice(3)))
        .join(
          ", ",
        )}${changed.length > 3 ? `, ${changed.length - 3} more` : ""}); commit them first, so that you can look at the rename alone and undo it`,
    );
  return git("ls-files", "-z")
    .split("\0")
    .filter((path) => path !== "");
}

function workspaceNames(tracked: readonly string[]): string[] {
  return tracked.flatMap((path) => /^(?:packages|apps)\/([^/]+)\/package\.json$/.exec(path)?.[1] ?? []);
}

function installDependencies(): void {
  const script = '. "$(dirname -- "$0")/lib/setup.sh"; install_dependencies';
  const { status } = spawnSync("sh", ["-c", script, join(ROOT, "scripts/rename")], {
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("the dependencies could not be installed; no file was changed");
}

/** Lets npm write the lock file for the renamed manifests, in a folder of their own. It needs no network for that. */
function withLock(files: Files): Files {
  const folder = mkdtempSync(join(tmpdir(), "rename-lock-"));
  try {
    for (const [path, content] of files) {
      if (!/^(?:.*\/)?package\.json$|^package-lock\.json$|^\.npmrc$/.test(path)) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const { status, stderr } = spawnSync(
      "npm",
      ["install", "--package-lock-only", "--offline", "--ignore-scripts", "--no-audit", "--no-fund"],
      { cwd: folder, encoding: "utf8" },
    );
    if (status !== 0)
      throw new Error(`npm could not write ${LOCK}; no file was changed. It said:\n${stderr.trim()}`);
    return new Map([...files, [LOCK, readFileSync(join(folder, LOCK))]]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Formats what has names of another length, such as the tables of the pages. */
async function formatted(files: Files): Promise<Files> {
  const prettier = await import("prettier");
  const result = new Map<string, Buffer>();
  for (const [path, content] of files) {
    const filepath = join(ROOT, path);
    const { ignored, inferredParser } = await prettier.getFileInfo(filepath, {
      ignorePath: join(ROOT, ".prettierignore"),
    });
    if (ignored || inferredParser === null) {
      result.set(path, content);
      continue;
    }
    const options = await prettier.resolveConfig(filepath, { editorconfig: true });
    result.set(path, Buffer.from(await prettier.format(content.toString("utf8"), { ...options, filepath })));
  }
  return result;
}

function report(names: Names): string {
  const lines = (["scope", "stack", "repository", "app"] as const)
    .filter((name) => names[name] !== TEMPLATE_NAMES[name])
    .map((name) => `  ${name.padEnd(11)}${TEMPLATE_NAMES[name]} → ${names[name]}`);
  return [
    "Renamed",
    ...lines,
    "Removed, because only the kit needs it",
    ...KIT_ONLY.map(({ what }) => `  ${what}`),
    "Next: git diff, ./scripts/test, git add --all, git commit. Undo: git reset --hard && git clean -d --force",
  ].join("\n");
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

try {
  await rename(process.argv.slice(2));
} catch (error) {
  say(`rename: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof Refusal ? 2 : 1;
}
