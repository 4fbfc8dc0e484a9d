import { readdirSync, readFileSync } from "node:fs";
import type { Sandbox } from "../../dist/index.js";

/** The memory of LocalStack and of the mock, which both name the sandbox's folder in their environment. Linux tells it. */
export function residentMebibytes({ workDirectory }: Pick<Sandbox, "workDirectory">): Map<string, number> {
  const found = new Map<string, number>();
  if (process.platform !== "linux") return found;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const read = (file: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
      } catch {
        return "";
      }
    };
    if (!read("environ").includes(workDirectory)) continue;
    const name = read("cmdline").split("\0").slice(0, 2).join(" ");
    const resident = /VmRSS:\s+(\d+) kB/.exec(read("status"))?.[1];
    if (resident !== undefined) found.set(`${name} ${pid}`, Number(resident) / 1024);
  }
  return found;
}
