import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { readSettings } from "../../src/settings/read-settings.ts";
import { REPOSITORY_ROOT } from "../../src/story/programs.ts";

const run = promisify(execFile);

/** The label of the sandbox's containers and networks that names its folder of temporary files. */
const WORK_DIRECTORY_LABEL = "dev.roles-anywhere-kit.work-directory";

/**
 * One run of a program, and what the run leaves on this machine. Other sandboxes on the machine do not matter: the
 * processes of the run have a marker in their environment, its temporary files are in a folder of its own, and its
 * containers and networks have a label with that folder.
 */
export interface OwnRun extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The folder that the program uses for temporary files. */
  readonly temporaryFolder: string;
  readonly stdout: () => string;
  /** What the program wrote so far, both streams. */
  readonly output: () => string;
  /** Settles when the output matches. Rejects when the program ends before that. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends SIGINT to the process group of the program, as a terminal does on Ctrl-C. */
  pressCtrlC(): void;
  /** The processes of this run that live now. */
  processes(): Promise<RunningProcess[]>;
  /** Ids of this run's containers. */
  containers(): Promise<string[]>;
  /** The arguments of each call of sudo. The `sudo` on the run's PATH refuses everything. */
  sudoCalls(): Promise<string[]>;
  /** The folders, containers and networks of this run. */
  traces(): Promise<string[]>;
}

export interface RunningProcess {
  pid: number;
  command: string;
}

/**
 * @param environment added to this process' own; undefined takes a variable away
 * @param stdin `pipe`: the test writes to `child.stdin`
 */
export async function startRun(
  command: string,
  commandArguments: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
  stdin: "ignore" | "pipe" = "ignore",
): Promise<OwnRun> {
  const marker = `RUN_${randomUUID()}`;
  const temporaryFolder = await mkdtemp(join(tmpdir(), "own-run-"));
  const programs = await mkdtemp(join(tmpdir(), "own-run-bin-"));
  const sudoLog = join(programs, "sudo.log");
  await writeFile(join(programs, "sudo"), `#!/bin/sh\necho "$*" >>"${sudoLog}"\nexit 1\n`, { mode: 0o755 });
  const child = spawn(command, commandArguments, {
    // A group of its own, as an interactive shell gives to each command.
    detached: true,
    env: {
      ...process.env,
      TMPDIR: temporaryFolder,
      PATH: `${programs}${delimiter}${process.env["PATH"]}`,
      ...environment,
      RUN_MARKER: marker,
    },
    stdio: [stdin, "pipe", "pipe"],
  });
  let output = "";
  let stdout = "";
  const listeners = new Set<() => void>();
  const collect = (chunk: string): void => {
    output += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    collect(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", collect);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  const docker = async (what: "ps" | "network", list: readonly string[]): Promise<string[]> => {
    const format = what === "ps" ? "{{.ID}}" : "{{.Name}}";
    const label = `{{.Label "${WORK_DIRECTORY_LABEL}"}}`;
    // Where there is no Docker, there is nothing of it either.
    const { stdout: lines } = await run("docker", [...list, "--format", `${format} ${label}`]).catch(() => ({
      stdout: "",
    }));
    return lines
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, folder]) => folder?.startsWith(`${temporaryFolder}/`))
      .map(([name = ""]) => name);
  };
  return {
    child,
    temporaryFolder,
    exited,
    stdout: () => stdout,
    output: () => output,
    waitFor(pattern) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        look();
        void exited.then(({ code }) =>
          reject(new Error(`${command} ended with ${code} before ${pattern}:\n${output}`)),
        );
      });
    },
    pressCtrlC() {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
    },
    processes: () => processesWith(marker),
    async sudoCalls() {
      const calls = await readFile(sudoLog, "utf8").catch(() => "");
      return calls.split("\n").filter((line) => line !== "");
    },
    containers: () => docker("ps", ["ps", "--all"]),
    async traces() {
      const folders = (await readdir(temporaryFolder)).filter((name) => name.startsWith("ra-sandbox-"));
      return [
        ...folders.map((name) => `folder ${name}`),
        ...(await docker("ps", ["ps", "--all"])).map((id) => `container ${id}`),
        ...(await docker("network", ["network", "ls"])).map((name) => `network ${name}`),
      ];
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await exited;
      }
      for (const folder of [temporaryFolder, programs]) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** `./scripts/demo`, run as a person would in a terminal, on the back end of this test run. */
export async function startDemo(
  demoArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnRun> {
  const { backend } = readSettings(process.env);
  const script = join(REPOSITORY_ROOT, "scripts", "demo");
  return await startRun(script, ["--backend", backend, ...demoArguments], environment);
}

async function processesWith(marker: string): Promise<RunningProcess[]> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["axeww", "-o", "pid=,command="]);
    return stdout
      .split("\n")
      .filter((line) => line.includes(marker))
      .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+\s+/, "") }));
  }
  const found: RunningProcess[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    // The process may end in the meantime.
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (!environment.includes(marker)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    // A process that has ended and waits for its parent has no command line.
    if (command !== "") found.push({ pid: Number(pid), command: command.replaceAll("\0", " ").trim() });
  }
  return found;
}
