// Compares node_modules with package-lock.json, for the doctor and for the scripts. Nothing is imported that npm installs.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What npm notes about an installation. It writes the file last, so an interrupted installation has none. */
export const INSTALLED = join("node_modules", ".package-lock.json");

/**
 * The path of the first package that is not as the lock file says, whoever installed it; undefined when all are. Optional
 * packages, such as those for other platforms, may lack.
 *
 * @param {string} root of the repository; an error is thrown when one of the two files is not there
 * @returns {string | undefined}
 */
export function differingPackage(root) {
  const packagesOf = (name) => JSON.parse(readFileSync(join(root, name), "utf8")).packages;
  const wanted = packagesOf("package-lock.json");
  const installed = packagesOf(INSTALLED);
  const differs = (path) =>
    wanted[path] === undefined || identity(wanted[path]) !== identity(installed[path]);
  const isMissing = (path) =>
    path !== "" && installed[path] === undefined && !wanted[path].optional && !wanted[path].devOptional;
  return Object.keys(installed).find(differs) ?? Object.keys(wanted).find(isMissing);
}

/** What a package on the disk is: its release, or the folder that a link leads to. */
function identity({ version, integrity, resolved, link }) {
  return JSON.stringify(link ? { resolved } : { version, integrity });
}
