import type { Tag } from "../../state/records.ts";

/** Tags with the last value of each key, in order of first appearance. */
export function uniqueTags(tags: readonly Tag[]): Tag[] {
  return [...new Map(tags.map(({ key, value }) => [key, value]))].map(([key, value]) => ({ key, value }));
}
