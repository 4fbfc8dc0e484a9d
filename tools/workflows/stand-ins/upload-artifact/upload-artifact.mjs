// Stands in for actions/upload-artifact where jobs run on this machine.
import { cpSync, globSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const { ARTIFACT_NAME, ARTIFACT_PATH, IF_NO_FILES_FOUND, INCLUDE_HIDDEN_FILES, RA_WORKFLOWS_ARTIFACTS } =
  process.env;
const patterns = ARTIFACT_PATH.split("\n")
  .map((line) => line.trim())
  .filter(Boolean);
const excluded = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
const isFile = (path) => statSync(path, { throwIfNoEntry: false })?.isFile();
const files = patterns
  .filter((pattern) => !pattern.startsWith("!"))
  .flatMap((pattern) =>
    globSync(pattern).flatMap((path) => (isFile(path) ? path : globSync(join(path, "**")).filter(isFile))),
  )
  .filter((path) => !excluded.some((pattern) => globSync(pattern).includes(path)))
  .filter(
    (path) =>
      INCLUDE_HIDDEN_FILES === "true" ||
      !relative(".", path)
        .split("/")
        .some((name) => /^\.[^.]/.test(name)),
  );

for (const file of files) {
  const copy = join(RA_WORKFLOWS_ARTIFACTS, ARTIFACT_NAME, relative(".", file));
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(file, copy);
}
console.log(`${files.length} files in the artifact ${ARTIFACT_NAME}`);
if (files.length === 0 && IF_NO_FILES_FOUND !== "ignore") {
  const kind = IF_NO_FILES_FOUND === "error" ? "error" : "warning";
  console.log(`::${kind}::No files were found with the provided path: ${patterns.join(" ")}`);
  if (kind === "error") process.exitCode = 1;
}
