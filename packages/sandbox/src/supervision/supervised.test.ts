import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
// The built file: it starts the supervisor beside it, which only exists there.
import { runSupervised, startSupervised } from "../../dist/index.js";

const environment = { PATH: process.env["PATH"] ?? "" };
const node = (script: string) => ({ command: process.execPath, arguments: ["-e", script], environment });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

describe("startSupervised", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "supervised-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("hands over output and exit code", async () => {
    const result = await runSupervised(node(`console.log("out"); console.error("err"); process.exit(3)`));
    expect(result).toEqual({ exitCode: 3, stdout: "out\n", stderr: "err\n" });
  });

  it("gives the program the environment it was told, and nothing else", async () => {
    const { stdout } = await runSupervised({
      ...node(`console.log(Object.keys(process.env).sort().join())`),
    });
    expect(stdout.trim()).toBe("PATH");
  });

  it("says that a program cannot be started", async () => {
    const result = await runSupervised({ command: join(folder, "missing"), arguments: [], environment });
    expect(result.exitCode).toBe(127);
    expect(result.stderr).toContain("cannot start");
  });

  it("writes to a log that only its owner can read", async () => {
    const logFile = join(folder, "program.log");
    await startSupervised({ ...node(`console.log("logged")`), logFile }).exited;
    expect(await readFile(logFile, "utf8")).toBe("logged\n");
  });

  /** Prints its own process id and that of a child that outlives it unless the whole group is ended. */
  const withChild = (ignore: string): string => `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", "${ignore} setInterval(() => {}, 1e9); process.stdout.write('.')"], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.once("data", () => console.log(process.pid, child.pid));
    setInterval(() => {}, 1e9);`;
  const ignoreTerm = `process.on('SIGTERM', () => {});`;

  async function startFamily(script: string, graceMs: number) {
    const pids = Promise.withResolvers<number[]>();
    const program = startSupervised({
      ...node(script),
      graceMs,
      onOutput: (chunk) => pids.resolve(chunk.trim().split(" ").map(Number)),
    });
    return { program, pids: await pids.promise };
  }

  it.each([
    { what: "what the program started", script: withChild(""), graceMs: 10_000 },
    { what: "what ignores SIGTERM, after the grace", script: withChild(ignoreTerm), graceMs: 200 },
  ])("stop ends $what", async ({ script, graceMs }) => {
    const { program, pids } = await startFamily(script, graceMs);
    expect(pids).toHaveLength(2);
    expect(pids.every(isAlive)).toBe(true);
    await program.stop();
    await Promise.all(pids.map(gone));
  });

  it("ends the program when its owner is killed", async () => {
    const library = pathToFileURL(join(import.meta.dirname, "../../dist/index.js")).href;
    const owner = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { startSupervised } from ${JSON.stringify(library)};
         startSupervised({ command: process.execPath, arguments: ["-e", "console.log(process.pid); setInterval(() => {}, 1e9)"],
           environment: {}, onOutput: (chunk) => process.stdout.write(chunk) });`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [chunk] = await once(owner.stdout, "data");
    const pid = Number(String(chunk));
    expect(isAlive(pid)).toBe(true);
    owner.kill("SIGKILL");
    await gone(pid);
  });

  it("an abort ends a program that is being waited for", async () => {
    const controller = new AbortController();
    const run = runSupervised(
      {
        ...node(`console.log("up"); setInterval(() => {}, 1e9)`),
        onOutput: () => controller.abort(new Error("enough")),
      },
      controller.signal,
    );
    await expect(run).rejects.toThrow("enough");
  });
});
