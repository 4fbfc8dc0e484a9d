import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CHECKOUT = "actions/checkout@8e8c483db84b4bee98b60c0593521ed34d9990e8";
const SETUP_NODE = "actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444";
const UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02";

const FIXTURE = `
name: Fixture
on: push
jobs:
  files:
    runs-on: ubuntu-24.04
    steps:
      - uses: ${CHECKOUT}
      - run: git status --short
      - run: cat committed.txt changed.txt new.txt >all.txt; ls -A >list.txt
      - run: rm -rf committed.txt; mkdir node_modules
      - uses: ${UPLOAD}
        with: { name: files, path: "*.txt" }
  cells:
    runs-on: ubuntu-24.04
    strategy: { matrix: { color: [red, green] } }
    steps:
      - run: echo "color is \${{ matrix.color }}"
      - name: Look at the color
        run: |
          echo looking
          [ "\${{ matrix.color }}" = green ]
  node:
    runs-on: ubuntu-24.04
    steps:
      - uses: ${CHECKOUT}
      - uses: ${SETUP_NODE}
        with: { node-version: "\${{ vars.NONE || '22' }}" }
      - run: node --version
  leftover:
    runs-on: ubuntu-24.04
    steps:
      - run: nohup sleep 300 >/dev/null 2>&1 & echo "left $!"
  passage:
    runs-on: ubuntu-24.04
    steps:
      - run: ls -ld . .. ../.. ../../..
  foreign:
    runs-on: ubuntu-24.04
    steps: [{ uses: acme/deploy@v1 }]
  required:
    if: always()
    needs: [files, cells]
    runs-on: ubuntu-24.04
    steps:
      - env: { RESULTS: "\${{ join(needs.*.result, ' ') }}" }
        run: for result in $RESULTS; do [ "$result" = success ]; done
`;

describe("npm run workflows", () => {
  let folder: string;
  let root: string;
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const git = (...args: readonly string[]): void => {
    const run = spawnSync("git", args, { cwd: root, encoding: "utf8" });
    expect(run).toMatchObject({ status: 0 });
  };
  const command = (...args: readonly string[]): readonly string[] => [
    "--disable-warning=ExperimentalWarning",
    join(ROOT, "tools/workflows/main.ts"),
    ...["--root", root],
    ...args,
  ];
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(...args), {
      encoding: "utf8",
      env: { ...process.env, TMPDIR: folder },
    });
    // act starts jobs that need none in any order.
    return { status, lines: stdout.trim().split("\n").sort(), stderr };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "workflows-test-"));
    root = join(folder, "kit");
    write(".github/workflows/fixture.yml", FIXTURE);
    write("committed.txt", "committed\n");
    write("changed.txt", "as committed\n");
    write("deleted.txt", "deleted\n");
    write(".gitignore", "ignored.txt\n");
    write(".nvmrc", "24\n");
    git("init", "--quiet", "--initial-branch", "main");
    git("add", ".");
    git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "fixture");
    // As CI checks out: without a branch.
    git("checkout", "--quiet", "--detach");
    write("changed.txt", "as changed\n");
    write("new.txt", "new\n");
    write("ignored.txt", "ignored\n");
    write(".env", "NOT_FOR_JOBS=1\n");
    rmSync(join(root, "deleted.txt"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("runs a job in a copy of the checkout as it is now, and leaves the checkout alone", () => {
    const before = readdirSync(root);
    const artifacts = join(folder, "artifacts");
    const { status, lines, stderr } = run("files", "--artifacts", artifacts);
    expect({ status, lines }).toEqual({
      status: 0,
      lines: [expect.stringMatching(/^success {3}fixture\/files: \d+ s$/)],
    });
    expect(stderr).toContain("fixture/files | ");
    expect(readFileSync(join(artifacts, "files/all.txt"), "utf8")).toBe("committed\nas changed\nnew\n");
    const names = readFileSync(join(artifacts, "files/list.txt"), "utf8").trim().split("\n").sort();
    expect(names).toEqual([
      ...[".env", ".git", ".github", ".gitignore", ".nvmrc"],
      ...["all.txt", "changed.txt", "committed.txt", "list.txt", "new.txt"],
    ]);
    expect(readdirSync(root)).toEqual(before);
    expect(readdirSync(folder).filter((name) => /^workflows-\w+$/.test(name))).toEqual([]);
  });

  it("lets other users pass to the copy, as a runner does", () => {
    const { status, stderr } = run("passage");
    expect(status).toBe(0);
    expect(stderr.match(/\| d\S{8}[xt]\S? /g)).toHaveLength(4);
  });

  it("fails when a step fails, names it, and the required job fails with it", () => {
    const { status, lines, stderr } = run("required");
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(
        /^failure {3}fixture\/cells \(color red\): \d+ s, in the step "Look at the color"$/,
      ),
      expect.stringMatching(/^failure {3}fixture\/required: \d+ s, in the step "for result in/),
      expect.stringMatching(/^success {3}fixture\/cells \(color green\): \d+ s$/),
      expect.stringMatching(/^success {3}fixture\/files: \d+ s$/),
    ]);
    expect(stderr).toContain("fixture/cells (color red) | color is red");
  });

  it("runs only the cells that are asked for", () => {
    const { status, lines } = run("required", "--matrix", "color:green");
    expect({ status, count: lines.length }).toEqual({ status: 0, count: 3 });
    expect(lines.join("\n")).not.toContain("color red");
  });

  it("gives a job another Node.js than this one", () => {
    const { status, stderr } = run("node");
    expect(status).toBe(0);
    expect(stderr).toMatch(/fixture\/node \| v22\.\d+\.\d+/);
  });

  it("says why a job cannot run here, and fails when it was named", () => {
    const reason =
      "not run   fixture/foreign: uses acme/deploy@v1, which has no stand-in in tools/workflows/stand-ins";
    expect(run("foreign")).toMatchObject({ status: 1, lines: [reason] });
    expect(run("--list")).toMatchObject({
      status: 0,
      lines: [
        ...["cells", "files", "leftover", "node", "passage", "required"].map((job) => `fixture/${job}`),
        reason,
      ],
    });
  });

  it("ends what a job left running", () => {
    const { status, stderr } = run("leftover");
    expect(status).toBe(0);
    const pid = Number(/left (\d+)/.exec(stderr)?.[1]);
    expect(pid).toBeGreaterThan(1);
    // A process that ended and that nobody waited for has no command line any more.
    const commandLine = `/proc/${pid}/cmdline`;
    expect(existsSync(commandLine) ? readFileSync(commandLine, "utf8") : "").toBe("");
  });

  it.each([
    [["nothing"], 'workflows: there is no job "nothing"; there are fixture/files'],
    [["--matrix", "red"], 'workflows: --matrix is key:value, not "red"; see npm run workflows -- --help'],
    [["--jobs"], "workflows: unknown option '--jobs'"],
  ])("%s is wrong usage", (args, message) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it("ends with its jobs when it is interrupted", async () => {
    write(
      ".github/workflows/slow.yml",
      "on: push\njobs:\n  slow:\n    runs-on: ubuntu-24.04\n    steps: [{ run: 'echo begun; sleep 300' }]\n",
    );
    const child = spawn(process.execPath, command("slow"), { env: { ...process.env, TMPDIR: folder } });
    const code = new Promise((resolve) => child.on("close", resolve));
    child.stderr.on("data", (text: Buffer) => {
      if (text.includes("| begun")) child.kill("SIGINT");
    });
    expect(await code).toBe(130);
    rmSync(join(root, ".github/workflows/slow.yml"));
    expect(readdirSync(folder).filter((name) => /^workflows-\w+$/.test(name))).toEqual([]);
  });
});
