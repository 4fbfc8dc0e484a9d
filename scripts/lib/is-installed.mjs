// Exits with 0 when node_modules holds what package-lock.json says, whoever installed it. npm writes
// node_modules/.package-lock.json last, so an interrupted installation has none.
import { readFileSync } from "node:fs";

const packagesOf = (path) => JSON.parse(readFileSync(path, "utf8")).packages;

/** What a package on the disk is: its release, or the folder that a link leads to. */
const identity = ({ version, integrity, resolved, link }) =>
  JSON.stringify(link ? { resolved } : { version, integrity });

try {
  const wanted = packagesOf("package-lock.json");
  const installed = packagesOf("node_modules/.package-lock.json");
  const isMissing = ([path, entry]) =>
    path !== "" && installed[path] === undefined && !entry.optional && !entry.devOptional;
  const differs = ([path, entry]) => wanted[path] === undefined || identity(wanted[path]) !== identity(entry);
  process.exitCode =
    Object.entries(wanted).some(isMissing) || Object.entries(installed).some(differs) ? 1 : 0;
} catch {
  process.exitCode = 1;
}
