// Checks what has to be true before the packages are published, and prints `version=…` for GitHub Actions. The packages have
// one version, no changeset waits for `npm run version-packages`, and the repository that runs this is the one that the
// packages name: npm refuses their provenance otherwise.
//
//   node tools/packages/check-release.mjs        GITHUB_REPOSITORY is owner/name
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { publishedPackages } from "./published-packages.mjs";

const CHANGESETS = fileURLToPath(new URL("../../.changeset", import.meta.url));
const repository = process.env["GITHUB_REPOSITORY"];

const problems = [];
const packages = publishedPackages();
const versions = new Set(packages.map(({ manifest }) => manifest.version));
if (versions.size !== 1) {
  problems.push(`the packages have the versions ${[...versions].join(", ")}; run: npm run version-packages`);
}
for (const { name, manifest } of packages) {
  const [, named] = /^git\+https:\/\/github\.com\/(.+)\.git$/.exec(manifest.repository.url) ?? [];
  if (named !== repository) {
    problems.push(`${name} names the repository ${named}, and this is ${repository}; change package.json`);
  }
}
const waiting = readdirSync(CHANGESETS).filter((name) => name.endsWith(".md") && name !== "README.md");
if (waiting.length > 0) {
  problems.push(
    `these changesets are in no version yet: ${waiting.join(", ")}; run: npm run version-packages`,
  );
}

if (problems.length > 0) {
  for (const problem of problems) console.error(`check-release: ${problem}`);
  process.exit(1);
}
console.log(`version=${[...versions][0]}`);
