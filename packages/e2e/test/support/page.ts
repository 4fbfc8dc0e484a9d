import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "../../src/story/programs.ts";

/** A block of code in a page, with the headings above it. */
export interface Block {
  /** What stands after the fence: `sh`, `ts`, `json`; `sh no-run` for commands that the sandbox cannot run. */
  readonly language: string;
  readonly section: string;
  readonly text: string;
}

/** Reads the code blocks of a page of this repository, in their order. Blocks in lists lose their indentation. */
export async function blocksOf(path: string): Promise<readonly Block[]> {
  const page = await readFile(join(REPOSITORY_ROOT, path), "utf8");
  return page.split(/^#{2,3} /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf("\n"));
    return [...part.matchAll(/^( *)```(\w[^\n]*)\n([\s\S]*?)^\1```$/gm)].map(
      ([, indentation = "", language = "", text = ""]) => ({
        language,
        section,
        text: text.replaceAll(new RegExp(`^${indentation}`, "gm"), ""),
      }),
    );
  });
}
