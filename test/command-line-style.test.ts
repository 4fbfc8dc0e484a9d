import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A command, and where the style of CONTRIBUTING.md leaves it a choice. */
interface CommandStyle {
  readonly name: string;
  /** The file that is run; it checks the version of Node.js before anything else. */
  readonly file: string;
  readonly usage: RegExp;
  readonly example: RegExp;
  /** Arguments without which it does not look at others. */
  readonly needed?: readonly string[] | undefined;
  /** What prints its version. @default --version */
  readonly version?: string | undefined;
  /** Exit code for wrong usage. @default 2 */
  readonly wrongUsage?: number | undefined;
  /** What an error says to look at. */
  readonly see: string;
}

const COMMANDS: readonly CommandStyle[] = [
  {
    name: "ra-pki",
    file: "packages/pki/bin/ra-pki.js",
    usage: /^Usage: ra-pki /,
    example: /Example:\n {2}ra-pki init/,
    see: "; see ra-pki --help",
  },
  {
    name: "ra-mock",
    file: "packages/mock/bin/ra-mock.js",
    usage: /^Usage: ra-mock /,
    example: /Examples:\n {2}(\$ )?ra-mock/,
    see: "; see ra-mock --help",
  },
  {
    name: "ra-sandbox",
    file: "packages/sandbox/bin/ra-sandbox.js",
    usage: /^Usage: ra-sandbox /,
    example: /Examples:\n {2}\$ ra-sandbox/,
    see: "; see ra-sandbox --help",
  },
  {
    name: "upload-sample-objects",
    file: "packages/infra/dist/bin/upload-sample-objects.js",
    usage: /^Usage: upload-sample-objects /,
    example: /Example:\n {2}upload-sample-objects/,
    needed: ["--outputs", "cdk-outputs.json"],
    see: "; see upload-sample-objects --help",
  },
  {
    name: "demo",
    file: "packages/e2e/bin/demo.js",
    usage: /^Usage: demo /,
    example: /Examples:\n {2}\$ npm run demo/,
    see: "; see npm run demo -- --help",
  },
  {
    name: "report",
    file: "packages/e2e/bin/report.js",
    usage: /^Usage: report /,
    example: /Examples:\n {2}\$ npm run report/,
    needed: ["--from", "reports"],
    see: "; see npm run report -- --help",
  },
  {
    name: "drill",
    file: "packages/e2e/bin/drill.js",
    usage: /^Usage: drill /,
    example: /Examples:\n {2}\$ npm run drill/,
    see: "; see npm run drill -- --help",
  },
  {
    name: "soak",
    file: "packages/e2e/bin/soak.js",
    usage: /^Usage: soak /,
    example: /Examples:\n {2}\$ npm run soak/,
    see: "; see npm run soak -- --help",
  },
  {
    // It keeps the syntax and the exit codes of aws_signing_helper, which has a command `version` and refuses --version.
    name: "ra-signer",
    file: "packages/signer/bin/ra-signer.cjs",
    usage: /^ra-signer /,
    example: /\n {2}ra-signer credential-process/,
    version: "version",
    wrongUsage: 1,
    see: "; there are ",
  },
];

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  command: CommandStyle,
  args: readonly string[],
  node: readonly string[] = [process.execPath],
): Result {
  const [program = "", ...options] = node;
  const { status, stdout, stderr } = spawnSync(program, [...options, join(ROOT, command.file), ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" },
  });
  return { code: status, stdout, stderr };
}

/** This Node.js, which says before the program is loaded that it is another release. */
function pretendedNode(version: string): readonly string[] {
  const program = `Object.defineProperty(process.versions, "node", { value: "${version}" })`;
  return [process.execPath, "--import", `data:text/javascript,${encodeURIComponent(program)}`];
}

/** An old Node.js on this machine, for the commands to be refused by for real. */
const OLD_NODE = ["/usr/bin/node", "/usr/local/bin/node"].find((path) =>
  /^v(?:1\d|20|21)\./.test(spawnSync(path, ["--version"], { encoding: "utf8" }).stdout ?? ""),
);

describe.each(COMMANDS)("$name", (command) => {
  const { name, usage, example, see, needed = [], version = "--version", wrongUsage = 2 } = command;

  it("shows its usage and an example with --help, on stdout", () => {
    const { code, stdout, stderr } = run(command, ["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(usage);
    expect(stdout).toMatch(example);
  });

  it(`prints nothing but its version with ${version}`, () => {
    expect(run(command, [version])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  it("answers a wrong flag with one line on stderr that says where to look", () => {
    const { code, stdout, stderr } = run(command, [...needed, "--wrong-flag"]);
    expect({ code, stdout }).toEqual({ code: wrongUsage, stdout: "" });
    expect(stderr).toMatch(/^[a-z-]+: unknown (?:option|command) .*\n$/);
    expect(stderr.startsWith(`${name}: `)).toBe(true);
    expect(stderr).toContain("--wrong-flag");
    expect(stderr).toContain(see);
  });

  it.each(["18.20.0", "20.19.5", "22.21.1", "23.11.0"])("refuses Node.js %s in one line", (release) => {
    expect(run(command, ["--help"], pretendedNode(release))).toEqual({
      code: 1,
      stdout: "",
      stderr: `${name}: this is Node.js ${release}; install Node.js 22.22 or later of that line, or 24 or later\n`,
    });
  });

  it.skipIf(OLD_NODE === undefined)("refuses a real old Node.js in the same line", () => {
    const { code, stdout, stderr } = run(command, ["--help"], [OLD_NODE ?? ""]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      new RegExp(
        `^${name}: this is Node\\.js [0-9.]+; install Node\\.js 22\\.22 or later of that line, or 24 or later\\n$`,
      ),
    );
  });

  it.each(["22.22.0", "24.0.0", "26.1.0"])("takes Node.js %s", (release) => {
    expect(run(command, ["--help"], pretendedNode(release))).toMatchObject({ code: 0, stderr: "" });
  });
});
