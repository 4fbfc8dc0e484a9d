import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The release of https://github.com/nektos/act that is used; another one may write other logs. */
export const ACT_VERSION = "0.2.89";

/** act is not there and cannot be installed. */
export class NoActError extends Error {}

/**
 * Finds act, on the PATH or in a folder, or installs it there with Go.
 *
 * @param folder where it is installed
 * @param note is told of the installation, which takes a minute
 * @throws {NoActError} when there is no Go, or the installation failed
 */
export function findAct(folder: string, note: (line: string) => void): string {
  const own = join(folder, "act");
  for (const command of ["act", own]) if (isRightVersion(command)) return command;
  note(`Installing act ${ACT_VERSION} into ${folder} (once, about a minute)`);
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("go", ["install", `github.com/nektos/act@v${ACT_VERSION}`], {
      env: { ...process.env, GOBIN: folder },
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
  } catch (error) {
    throw new NoActError(
      `act ${ACT_VERSION} is not on the PATH, and Go could not install it (${reasonOf(error)}); install Go, or act from https://nektosact.com`,
    );
  }
  return own;
}

function isRightVersion(command: string): boolean {
  if (command.includes("/") && !existsSync(command)) return false;
  return (
    spawnSync(command, ["--version"], { encoding: "utf8" }).stdout?.trim() === `act version ${ACT_VERSION}`
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "there is no command go";
  return "stderr" in error && typeof error.stderr === "string"
    ? error.stderr.trim().split("\n").slice(-1).join("")
    : error.message;
}
