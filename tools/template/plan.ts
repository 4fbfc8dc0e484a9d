import { removalOf, removeParts } from "./kit-only.ts";
import { Refusal, TEMPLATE_NAMES } from "./names.ts";
import type { Names } from "./names.ts";
import { replaceNames } from "./replace-names.ts";

/** Paths and contents of files. */
export type Files = ReadonlyMap<string, Buffer>;

/** What becomes of the tracked files of the repository. */
export interface Plan {
  /** Every file that stays, with its new path and content. Formatting and the order in the lock file come later. */
  readonly files: Files;
  /** Old path → new path, or undefined for a file that is removed. */
  readonly moves: ReadonlyMap<string, string | undefined>;
}

/**
 * Works out the renamed repository without touching a file.
 *
 * @throws {Refusal} for names that stand for something else in these files
 */
export function planRename(files: Files, names: Names): Plan {
  refuseNamesInUse(files, names);
  const moves = new Map<string, string | undefined>();
  const planned = new Map<string, Buffer>();
  for (const [path, content] of files) {
    if (removalOf(path) !== undefined) {
      moves.set(path, undefined);
      continue;
    }
    const target = replaceNames(path, names);
    moves.set(path, target);
    const text = content.toString("utf8");
    // Pictures stay as they are.
    if (!Buffer.from(text, "utf8").equals(content)) planned.set(target, content);
    else planned.set(target, Buffer.from(replaceNames(removeParts(path, text), names)));
  }
  return { files: planned, moves };
}

function refuseNamesInUse(files: Files, { scope, stack }: Names): void {
  const lock = files.get("package-lock.json")?.toString("utf8") ?? "";
  const [, dependency] = new RegExp(`"node_modules/(${scope}/[^/"]+)"`).exec(lock) ?? [];
  if (dependency !== undefined)
    throw new Refusal(
      `--scope ${scope} is the scope of ${dependency}, which this depends on: choose another`,
    );
  const word = new RegExp(`\\b${stack}(?:Props)?\\b`);
  for (const [path, content] of files) {
    if (removalOf(path) !== undefined || path === "package-lock.json") continue;
    if (word.test(removeParts(path, content.toString("utf8"))))
      throw new Refusal(`--stack ${stack} means something else in ${path}: choose another name`);
  }
}

/** Whether these files are the template, and were not renamed before. */
export function isTemplate(files: Files): boolean {
  const name: unknown = JSON.parse(files.get("package.json")?.toString("utf8") ?? "{}").name;
  return name === TEMPLATE_NAMES.repository;
}
