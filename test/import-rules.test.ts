import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FLOORS, WORKSPACES } from "../tools/imports/layers.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CRUISER = join(ROOT, "node_modules/.bin/depcruise");
const CONFIG = join(ROOT, "tools/imports/dependency-cruiser.mjs");
const FOLDERS = ["src", "test", "bench", "interop"];

/** A line to add to a file, and what the check has to say about it. */
interface Row {
  readonly path: string;
  readonly line: string;
  readonly message: string;
}

/** What no workspace may do. The files are new ones, so that each message can belong to its row alone. */
const WORKSPACE_ROWS: readonly Row[] = [
  ["packages/pki", "signer"],
  ["packages/pki", "mock"],
  ["packages/infra", "pki"],
  ["packages/signer", "mock"],
  ["packages/signer", "iam-policy"],
  ["packages/files", "signer"],
  ["packages/mock", "files"],
  ["packages/iam-policy", "mock"],
  ["packages/mock", "signer"],
  ["packages/mock", "sandbox"],
  ["packages/sandbox", "infra"],
  ["packages/testing", "mock"],
  ["packages/testing", "signer"],
  ["apps/nestjs-s3", "mock"],
  ["packages/e2e", "testing"],
].map(([workspace, name]) => {
  const path = `${workspace}/src/imports-${name}.ts`;
  const module = `@roles-anywhere/${name}`;
  return {
    path,
    line: `import type {} from "${module}";`,
    message: `${workspace} imports: ${path} → ${module}`,
  };
});

const TEST_ROWS: readonly Row[] = [
  ["packages/mock", "signer"],
  ["packages/pki", "infra"],
].map(([workspace, name]) => {
  const path = `${workspace}/src/imports-${name}.test.ts`;
  const module = `@roles-anywhere/${name}`;
  return { path, line: `import "${module}";`, message: `${workspace} tests import: ${path} → ${module}` };
});

const HELPER_ROWS: readonly Row[] = [
  ["the-package-of-helpers", "@roles-anywhere/testing"],
  ["a-helper", "../test/support/temporary-directory.ts"],
  ["a-test", "./pem.test.ts"],
  ["the-test-runner", "vitest"],
].map(([name, module]) => {
  const path = `packages/pki/src/imports-${name}.ts`;
  return {
    path,
    line: `import {} from "${module}";`,
    message: `no test helper in what is shipped: ${path} → `,
  };
});

const FOLDER_ROWS: readonly Row[] = ["testing", "test", "support", "storage/testing"].map((folder) => {
  const helper = `packages/pki/src/${folder}/helper.ts`;
  const path = `packages/pki/src/uses-${folder.replace("/", "-")}.test.ts`;
  return {
    path,
    line: `import "./${folder}/helper.ts";`,
    message: `no folder of test helpers in src: ${path} → ${helper}`,
  };
});

const PACKAGES_WITH_FLOORS = ["packages/mock", "packages/signer"] as const;

const FLOOR_ROWS: readonly Row[] = PACKAGES_WITH_FLOORS.flatMap((workspace) =>
  FLOORS[workspace].slice(0, -1).map((floor, index) => {
    const path = fileOn(workspace, index);
    const above = fileOn(workspace, index + 1);
    const up = "../".repeat(path.split("/").length - 3);
    return {
      path,
      line: `import type {} from "./${up}${above.split("/").slice(2).join("/")}";`,
      message: `${workspace}: ${floor.name} imports upwards: ${path} → ${above}`,
    };
  }),
);

const NO_FLOOR_ROWS: readonly Row[] = PACKAGES_WITH_FLOORS.map((workspace) => {
  const path = `${workspace}/src/cellar/added.ts`;
  return { path, line: 'import "node:fs";', message: `${workspace}: a file without a floor: ${path}` };
});

const CYCLE_ROWS: readonly Row[] = ["", "type "].map((type) => {
  const name = type === "" ? "values" : "types";
  return {
    path: `packages/infra/src/cycle-of-${name}.ts`,
    line: `import ${type}{} from "./cycle-of-${name}-back.ts";`,
    message: `no cycles: packages/infra/src/cycle-of-${name}`,
  };
});

const OTHER_ROWS: readonly Row[] = [
  {
    path: "packages/e2e/src/imports-a-file.ts",
    line: 'import {} from "../../mock/src/index.ts";',
    message: "other packages by their name: packages/e2e/src/imports-a-file.ts → packages/mock/src/index.ts",
  },
];

const ROWS = [
  ...WORKSPACE_ROWS,
  ...TEST_ROWS,
  ...HELPER_ROWS,
  ...FOLDER_ROWS,
  ...FLOOR_ROWS,
  ...NO_FLOOR_ROWS,
  ...CYCLE_ROWS,
  ...OTHER_ROWS,
];

/** What has to stay allowed. */
const ALLOWED: readonly (readonly [path: string, name: string])[] = [
  ["packages/mock/src/allowed.test.ts", "testing"],
  ["packages/signer/src/allowed.test.ts", "mock"],
  ["packages/pki/src/allowed.test.ts", "mock"],
  ["packages/mock/src/cli/allowed.ts", "iam-policy"],
  ["packages/sandbox/src/allowed.ts", "mock"],
  ["packages/e2e/src/allowed.ts", "signer"],
  ["apps/nestjs-s3/src/allowed.ts", "signer"],
];

/** A file on a floor of a package, the ground floor being 0. */
function fileOn(workspace: keyof typeof FLOORS, index: number): string {
  const path = FLOORS[workspace][index]?.paths[0] ?? "";
  const folder = `${workspace}/src/${path}`;
  if (!path.endsWith("/")) return folder;
  return `${folder}${readdirSync(join(ROOT, folder)).find((name) => /(?<!\.test)\.ts$/.test(name))}`;
}

/** Checks a copy of the sources as `npm run lint` does. */
function check(copy: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CRUISER, "--config", CONFIG, "packages", "apps"],
    { cwd: copy, encoding: "utf8" },
  );
  return { status, output: `${stdout}${stderr}` };
}

describe("the rules of imports", { timeout: 120_000 }, () => {
  let copy: string;
  let asItIs: ReturnType<typeof check>;
  let spoiled: ReturnType<typeof check>;

  const add = (path: string, line: string): void => {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    appendFileSync(join(copy, path), `\n${line}\n`);
  };

  // A copy of the sources, in which nothing is built or installed, is checked twice: as it is, and with everything
  // added that is forbidden.
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "import-rules-"));
    for (const workspace of Object.keys(WORKSPACES)) {
      for (const folder of FOLDERS) {
        const source = join(ROOT, workspace, folder);
        if (existsSync(source)) cpSync(source, join(copy, workspace, folder), { recursive: true });
      }
    }
    for (const [path, name] of ALLOWED) add(path, `import "@roles-anywhere/${name}";`);
    asItIs = check(copy);
    for (const { path, line } of ROWS) add(path, line);
    for (const { message } of FOLDER_ROWS) add(message.split(" → ")[1] ?? "", "export const added = 1;");
    for (const { path, line } of CYCLE_ROWS) {
      const [file = ""] = path.split("/").slice(-1);
      add(path.replace(".ts", "-back.ts"), line.replace(/"\.\/.*"/, `"./${file}"`));
    }
    spoiled = check(copy);
  }, 120_000);

  afterAll(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  it("hold in the sources as they are, and with what is allowed", () => {
    expect(asItIs).toMatchObject({ status: 0 });
  });

  it("make the check fail", () => {
    expect(spoiled.status).toBeGreaterThan(0);
  });

  it.each(ROWS)("refuse $line in $path", ({ message }) => {
    expect(spoiled.output).toContain(message);
  });
});

it("the picture of the layers is the one that `npm run picture` draws now", () => {
  const run = spawnSync(process.execPath, [join(ROOT, "tools/imports/draw-layers.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect(run).toMatchObject({ status: 0, stderr: "" });
});
