import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = fileURLToPath(new URL("../../packages", import.meta.url));

/**
 * The packages that are published, by name: those below `packages/` that are not private.
 *
 * @returns {{ name: string, path: string, manifest: any }[]} name, absolute path of the folder, and package.json
 */
export function publishedPackages() {
  return readdirSync(PACKAGES)
    .sort()
    .map((folder) => join(PACKAGES, folder))
    .filter((path) => existsSync(join(path, "package.json")))
    .map((path) => ({ path, manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ path, manifest }) => ({ name: manifest.name, path, manifest }));
}
