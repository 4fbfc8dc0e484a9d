import { blocksOf } from "../support/page.ts";
import type { Block } from "../support/page.ts";

/** The blocks of docs/production.md and of docs/drills.md. */
export const production = await blocksOf("docs/production.md");
export const drills = await blocksOf("docs/drills.md");

/** The scripts of one section, in the order of its steps. */
export function scripts(page: readonly Block[], section: string): readonly string[] {
  return page.filter((block) => block.section === section && block.language === "sh").map(({ text }) => text);
}
