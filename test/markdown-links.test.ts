import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The Markdown files of the repository: those that git tracks, and new ones that it does not ignore. */
const PAGES = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .filter((page) => isThere(join(ROOT, page)));

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The text without fenced code, in which `#` begins no heading and brackets are no links. */
function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^ *\2[ \t]*$/gm, "");
}

/** The anchors that GitHub gives to the headings of a page: `#how-files-are-written`, and `-1` for the second one. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1");
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The targets of links and images in a page that stay within the repository: `docs/x.md`, `#part`, `../y.md#part`. */
function relativeTargets(markdown: string): string[] {
  const text = withoutFences(markdown).replaceAll(/(`+)[^`]*?\1(?!`)/g, "");
  return [
    ...text.matchAll(/\]\(<?([^\s()<>]+)>?(?: +"[^"]*")?\)/g),
    ...text.matchAll(/^ {0,3}\[[^\]]+\]: +<?([^\s<>]+)>?/gm),
    ...text.matchAll(/<(?:a|img)\s[^>]*?(?:href|src)="([^"]+)"/g),
  ]
    .map(([, target = ""]) => target)
    .filter((target) => !/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target));
}

/** What is wrong with a link, or undefined. */
function problemOf(target: string, page: string, ownText: string): string | undefined {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : join(dirname(page), decodeURIComponent(path));
  if (relative(ROOT, join(ROOT, file)).startsWith("..")) return `${target}: is outside the repository`;
  if (file !== page && !isThere(join(ROOT, file))) return `${target}: there is no ${file}`;
  if (anchor === undefined) return undefined;
  const text = file === page ? ownText : readFileSync(join(ROOT, file), "utf8");
  return anchorsOf(text).has(anchor) ? undefined : `${target}: ${file} has no heading #${anchor}`;
}

function problemsOf(page: string, text: string): string[] {
  return relativeTargets(text).flatMap((target) => problemOf(target, page, text) ?? []);
}

describe("the links of the pages", () => {
  it.each(PAGES)("lead somewhere in %s", (page) => {
    expect(problemsOf(page, readFileSync(join(ROOT, page), "utf8"))).toEqual([]);
  });
});

describe("a link", () => {
  const page = "docs/page.md";

  it.each([
    ["to a file", "[a](architecture.md)"],
    ["to a folder", "[a](../packages/pki)"],
    ["to a heading of this page", "# One way, `--now`: and back\n[a](#one-way---now-and-back)"],
    ["to the second heading of that name", "# One\n# One\n[a](#one-1)"],
    ["to a heading of another page", "[a](glossary.md#aws-iam-roles-anywhere)"],
    ["by reference", "[a][b]\n\n[b]: architecture.md"],
    ["of an image", "![a](layers.svg)"],
    ["to the web", "[a](https://example.org/#nowhere)"],
    ["in code", "`[a](nowhere.md)`\n\n```md\n[a](nowhere.md)\n```"],
  ])("%s is taken", (_title, text) => {
    expect(problemsOf(page, text)).toEqual([]);
  });

  it.each([
    ["to no file", "[a](nowhere.md)", "nowhere.md: there is no docs/nowhere.md"],
    ["to no heading of this page", "# One\n[a](#two)", "#two: docs/page.md has no heading #two"],
    ["to a heading in code", "```sh\n# two\n```\n[a](#two)", "#two: docs/page.md has no heading #two"],
    [
      "to no heading of another page",
      "[a](glossary.md#nowhere)",
      "glossary.md#nowhere: docs/glossary.md has no heading #nowhere",
    ],
    ["by reference", "[a][b]\n\n[b]: nowhere.md", "nowhere.md: there is no docs/nowhere.md"],
    ["of an image", "![a](nowhere.svg)", "nowhere.svg: there is no docs/nowhere.svg"],
    ["in HTML", '<img alt="a" src="nowhere.svg">', "nowhere.svg: there is no docs/nowhere.svg"],
    ["out of the repository", "[a](../../README.md)", "../../README.md: is outside the repository"],
  ])("%s is reported", (_title, text, problem) => {
    expect(problemsOf(page, text)).toEqual([problem]);
  });
});

describe("docs/architecture.md", () => {
  it("names files that are there", () => {
    const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
      cwd: ROOT,
      encoding: "utf8",
    }).split("\n");
    const page = withoutFences(readFileSync(join(ROOT, "docs/architecture.md"), "utf8"));
    const named = [...page.matchAll(/`([\w./-]+\.(?:ts|mjs|cjs|py))`/g)].map(([, name = ""]) => name);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([]);
  });
});
