import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Copies a checkout as it is now, with what is not committed yet, into a folder of its own: what git tracks, and new files
 * that it does not ignore. So a job sees no `node_modules` and no build, as on a new runner, and what it does to its
 * copy leaves the checkout alone. The copy has one commit, as `actions/checkout` gives it.
 *
 * @param root the checkout, or a worktree of it
 * @param copy a folder that does not exist
 */
export function copyCheckout(root: string, copy: string): void {
  const git = (folder: string, ...args: readonly string[]): string =>
    execFileSync("git", args, {
      cwd: folder,
      encoding: "utf8",
      env: withoutGitVariables(),
      maxBuffer: 64 * 1024 * 1024,
    });
  git(dirname(copy), "clone", "--quiet", "--no-tags", "--depth", "1", pathToFileURL(root).href, copy);
  // act copies no empty folder, and git takes a folder without `.git/refs` for no repository. With a detached HEAD there is
  // no file in it but this branch.
  git(copy, "checkout", "--quiet", "-B", "checkout");
  // act wants to know which repository of GitHub this is.
  git(copy, "remote", "set-url", "origin", "https://github.com/local/checkout");
  for (const name of readdirSync(copy)) {
    if (name !== ".git") rmSync(join(copy, name), { recursive: true, force: true });
  }
  const files = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0");
  for (const file of files.filter(Boolean)) {
    // A file that is deleted and not committed is in the list as well.
    if (statSync(join(root, file), { throwIfNoEntry: false }) === undefined) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true });
  }
}

/** A git hook sets GIT_DIR and others, which name another repository than the folder's. */
function withoutGitVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GIT_(?!SSL)/.test(name)));
}
