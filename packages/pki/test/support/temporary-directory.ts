import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@roles-anywhere/testing";
import { onTestFinished } from "vitest";

/** A new folder that is removed when the test ends. */
export function temporaryDirectory(): string {
  const folder = temporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  return folder.path;
}

/** Name, mode and hash of every entry of a folder: equal before and after means that nothing has changed. */
export function fingerprint(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const path = join(directory, name);
      const mode = fileMode(path);
      return statSync(path).isDirectory()
        ? `${name} ${mode}`
        : `${name} ${mode} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
    });
}

/** Permission bits in octal, for example `600`. */
export function fileMode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
