import { dirname } from "node:path";
import { REPOSITORY_ROOT } from "../../src/story/programs.ts";

/** What differs from run to run and from machine to machine, in the order in which it is replaced. */
const variables: readonly (readonly [RegExp, string])[] = [
  [/"[^" ]*\/bin\/node"/g, '"<node>"'],
  [/"[^" ]*\/(packages\/signer\/dist\/cli\/main\.cjs)"/g, '"<clone>/$1"'],
  [/\/[^\s"]*\/ra-sandbox-\w+/g, "<work>"],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<id>"],
  [/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>"],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b[0-9A-Fa-f]{32}\b/g, "<serial>"],
  [/AROA[A-Z0-9]+/g, "<role id>"],
  [/(RolesAnywhereStack-Role\w+?|rolesanywherestack-bucket\w+?)-[0-9a-f]{8}/g, "$1-<suffix>"],
  [/\b(Drills-\w+?Role\w+?|drills-\w+?)-[0-9a-f]{8}/g, "$1-<suffix>"],
  [/Done in \d+ s/g, "Done in <n> s"],
  [/Passed in [\d.]+ s/g, "Passed in <n> s"],
];

/** Replaces what differs from run to run by its name, so that the transcripts of two runs are equal. */
export function normaliseTranscript(transcript: string): string {
  return (
    variables
      .reduce((text, [pattern, name]) => text.replaceAll(pattern, name), transcript)
      .replaceAll(dirname(REPOSITORY_ROOT), "<clone>")
      .split("\n")
      // The first start on a machine installs; later ones do not.
      .filter(
        (line) =>
          !/^\s+Installing LocalStack|^Installing dependencies|^Building |^Fetching |^The report is in |^added \d+ packages?/.test(
            line,
          ),
      )
      .map((line) => line.trimEnd())
      .reduce(sortEvents, [])
      .join("\n")
      .trim()
  );
}

/** Appends a line. CloudFormation makes resources at the same time, so lines about them next to each other are sorted. */
function sortEvents(lines: readonly string[], line: string): string[] {
  const isEvent = (text: string): boolean => /^\s+CREATE_COMPLETE +AWS::/.test(text);
  const before = isEvent(line)
    ? lines.findLastIndex((each) => !isEvent(each) || each <= line)
    : lines.length - 1;
  return lines.toSpliced(before + 1, 0, line);
}

/**
 * A transcript on a page, without its first line: the console block between `<!-- transcript -->` and
 * `<!-- /transcript -->`.
 *
 * @param name another name in these comments
 */
export function transcriptOf(page: string, name = "transcript"): string {
  const pattern = `<!-- ${name} -->\\s*\`\`\`console\\n\\$ .*\\n([\\s\\S]*?)\`\`\`\\s*<!-- /${name} -->`;
  const block = new RegExp(pattern).exec(page)?.[1];
  if (block === undefined) throw new Error(`the page has no ${name}`);
  return block;
}
