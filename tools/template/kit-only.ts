/** Something that the kit needs for its own sake, and that a repository which is made from it does not. */
export interface KitOnly {
  readonly what: string;
  readonly why: string;
  /** Files, and folders with a slash at the end. */
  readonly paths: readonly string[];
  /** Parts of files that stay. Each pattern must be found, or the list is out of date. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly path: string;
  readonly pattern: RegExp;
  readonly replacement?: string | undefined;
}

/** A row of a Markdown table that begins with a cell. */
const row = (cell: string): RegExp => new RegExp(`^\\| ${cell} +\\|.*\n`, "m");
/** A script or dependency in a `package.json`, which is not the first one. */
const script = (name: string): RegExp => new RegExp(`,\n +"${name}": "[^"\n]*"`);
/** A job of a workflow, with the comments and the empty line before it. */
const job = (name: string): RegExp =>
  new RegExp(`\n(?:  #.*\n)*  ${name}:\n(?:(?:   .*)?\n)*?(?=\n(?:  #.*\n)*  [\\w-]+:)`);

export const KIT_ONLY: readonly KitOnly[] = [
  {
    what: "The comparison with aws_signing_helper",
    why: "It proves of the kit that its signer behaves as AWS's program. It needs that program, downloaded from AWS. What the comparison found stays in docs/signer/differences-from-the-helper.md.",
    paths: ["packages/signer/interop/", "packages/signer/test/interop.test.ts"],
    parts: [
      { path: "package.json", pattern: script("interop") },
      { path: "packages/signer/package.json", pattern: script("interop") },
      { path: "packages/signer/tsconfig.json", pattern: / "interop",/ },
      { path: ".github/workflows/ci.yml", pattern: job("interop") },
      {
        path: ".github/workflows/ci.yml",
        pattern: / Not among them: interop, which depends on a download from AWS\./,
      },
      { path: "tools/workflows/choose-jobs.ts", pattern: /\n {2}\[\n {4}"ci\/interop",\n[\s\S]*?\n {2}\],/ },
      { path: "test/workflows.test.ts", pattern: /, NEEDED_HOSTS/ },
      {
        path: "test/workflows.test.ts",
        pattern: /\n {2}it\("without a network leave out the jobs that need a host[\s\S]*?\n {2}\}\);\n/,
      },
      { path: "test/workflows.test.ts", pattern: /^ {4}\["a host", \{ id: "interop" \}.*\n/m },
      { path: "CONTRIBUTING.md", pattern: /^npm run interop .*\n/m },
      { path: "docs/architecture.md", pattern: row("what is run beside AWS's own helper") },
      { path: "docs/glossary.md", pattern: row("interop row") },
      {
        path: "packages/signer/README.md",
        pattern:
          /\[About \d+ rows\]\(.*?\).*? through `ra-signer` and `aws_signing_helper`.*?Each difference is declared\./,
        replacement: "[Each known difference](../../docs/signer/differences-from-the-helper.md) is declared.",
      },
      {
        path: "docs/signer/differences-from-the-helper.md",
        pattern: / `npm run interop` \[compares the two\]\(#how-the-two-are-compared\)\./,
      },
      {
        path: "docs/signer/differences-from-the-helper.md",
        pattern: /\n## How the two are compared\n[\s\S]*?(?=\n## |$(?![\s\S]))/,
      },
    ],
  },
  {
    what: "The publication of packages and images",
    why: "It brings the kit to public registries, and tests what people get from there. Whoever builds on the code has the packages as workspaces. `test/packages.test.ts` still says whether they could be published.",
    paths: [
      ".changeset/",
      ".github/workflows/release.yml",
      "test/registry/",
      "test/release.test.ts",
      "tools/packages/check-release.mjs",
      "tools/packages/registry-server.mjs",
      "tools/packages/registry.mjs",
      "tools/packages/set-versions.mjs",
      "tools/packages/sizes.mjs",
      "vitest.registry.config.ts",
    ],
    parts: [
      { path: "package.json", pattern: script("sizes") },
      { path: "package.json", pattern: script("version-packages") },
      { path: "package.json", pattern: script("test:registry") },
      { path: "package.json", pattern: / \/\/#test:registry/ },
      { path: "package.json", pattern: script("@changesets/cli") },
      { path: "package.json", pattern: script("pnpm") },
      { path: "package.json", pattern: script("verdaccio") },
      { path: "package.json", pattern: /,\n +"verdaccio-audit": \{[^}]*\}/ },
      { path: "turbo.json", pattern: /^ {4}"\/\/#test:registry": \{\n[\s\S]*?\n {4}\},\n/m },
      { path: "scripts/test", pattern: / \/\/#test:registry/ },
      { path: "tsconfig.json", pattern: /,\n.*\n +"exclude": \["test\/registry\/.*\]/ },
      { path: "CONTRIBUTING.md", pattern: /; the packages from a registry, in projects of all kinds/ },
      { path: "CONTRIBUTING.md", pattern: /^npm run sizes .*\n/m },
      { path: "CONTRIBUTING.md", pattern: /^- .* comes with a changeset: .*\n/m },
      {
        path: "docs/architecture.md",
        pattern: /, sizes, what checks it, and how a release is made/,
        replacement: ", sizes and what checks it",
      },
      {
        path: "docs/packages.md",
        pattern: /\n\[`test\/registry\/packages\.integ\.ts`\][\s\S]*?(?=\n## Sizes)/,
      },
      { path: "docs/packages.md", pattern: /\n`npm run sizes` .*\n\n## Releasing\n[\s\S]*$/ },
    ],
  },
  {
    what: "This command's program, its tests and its page",
    why: "A repository is renamed once. `scripts/rename` stays and says so; delete it when you like.",
    paths: [
      "tools/template/",
      "test/template.test.ts",
      "test/renamed-template.e2e.ts",
      "vitest.template.config.ts",
      "docs/template.md",
    ],
    parts: [
      { path: "README.md", pattern: row("nothing yet, and want a repository of your own") },
      { path: "docs/architecture.md", pattern: /^- `\.\/scripts\/rename .*\n/m },
      { path: "CONTRIBUTING.md", pattern: /^npm run test:template .*\n/m },
      { path: "package.json", pattern: script("test:template") },
      { path: ".github/workflows/ci.yml", pattern: job("template") },
      { path: ".github/workflows/ci.yml", pattern: /(?<=needs: \[.*)template, / },
    ],
  },
];

/** Whether a file is removed, and which of the lists says so. */
export function removalOf(path: string): KitOnly | undefined {
  return KIT_ONLY.find(({ paths }) =>
    paths.some((removed) => (removed.endsWith("/") ? path.startsWith(removed) : path === removed)),
  );
}

/** Removes the parts of a file that only the kit needs. */
export function removeParts(path: string, text: string): string {
  return KIT_ONLY.flatMap(({ parts }) => parts)
    .filter((part) => part.path === path)
    .reduce((result, { pattern, replacement = "" }) => {
      if (!pattern.test(result))
        throw new Error(`${path}: ${pattern} of tools/template/kit-only.ts is not in it`);
      return result.replace(pattern, () => replacement);
    }, text);
}
