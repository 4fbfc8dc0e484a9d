import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Processes whose environment holds `marker`: those that were started, over any number of steps, with it. */
export async function processesWith(marker: string): Promise<string[]> {
  if (process.platform !== "linux") {
    const { stdout } = await run("ps", ["axeww", "-o", "pid=,command="]);
    return stdout.split("\n").filter((line) => line.includes(marker));
  }
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    // A process may end while it is looked at.
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (!environment.includes(marker)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    // A process that has ended and waits for its parent has no command line.
    if (command !== "") found.push(`${pid} ${command.replaceAll("\0", " ").trim()}`);
  }
  return found;
}

/** Everything else that a sandbox makes on this machine: containers, networks, folders. */
export async function sandboxTraces(): Promise<string[]> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith("ra-sandbox-"));
  return [
    ...folders.map((name) => `folder ${name}`),
    ...(await docker([
      "ps",
      "--all",
      "--filter",
      "label=dev.roles-anywhere-kit.sandbox",
      "--format",
      "container {{.ID}}",
    ])),
    ...(await docker(["network", "ls", "--filter", "name=roles-anywhere-", "--format", "network {{.Name}}"])),
  ].toSorted();
}

/**
 * What has changed since: traces that are new, and containers and networks that are gone. Folders may go at any time, since
 * each start of a sandbox removes those of sandboxes that were killed.
 */
export async function traceChanges(before: readonly string[]): Promise<string[]> {
  const now = await sandboxTraces();
  return [
    ...now.filter((trace) => !before.includes(trace)).map((trace) => `new ${trace}`),
    ...before
      .filter((trace) => !trace.startsWith("folder") && !now.includes(trace))
      .map((trace) => `gone ${trace}`),
  ];
}

async function docker(dockerArguments: readonly string[]): Promise<string[]> {
  try {
    const { stdout } = await run("docker", dockerArguments);
    return stdout.split("\n").filter((line) => line !== "");
  } catch {
    // No Docker here, so nothing of it either.
    return [];
  }
}
