// Writes the versions of package.json into the sources that print them, after `changeset version` has changed them. Tests
// compare the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages } from "./published-packages.mjs";

const SOURCES = {
  "@roles-anywhere/mock": "src/cli/arguments.ts",
  "@roles-anywhere/signer": "src/version.ts",
};
const CONSTANT = /(?<=^export const VERSION = ")[^"]*(?=";$)/m;

for (const { name, path, manifest } of publishedPackages()) {
  const source = SOURCES[name];
  if (source === undefined) continue;
  const file = join(path, source);
  const text = readFileSync(file, "utf8");
  if (!CONSTANT.test(text)) throw new Error(`${file} has no line: export const VERSION = "…";`);
  writeFileSync(file, text.replace(CONSTANT, manifest.version));
}
