import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

// The built program, as it is installed: `npm run build` comes first.
const builtPath = fileURLToPath(new URL("../../dist/cli/main.cjs", import.meta.url));
const mainPath = fileURLToPath(new URL("../../bin/ra-pki.js", import.meta.url));

/** How a command ended. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ra-pki` in a folder. */
export function runRaPki(
  cwd: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): CommandResult {
  if (!existsSync(builtPath)) throw new Error(`${builtPath} is missing; run: npm run build -w packages/pki`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainPath, ...args], {
    cwd,
    encoding: "utf8",
    timeout: 20_000,
    env: { ...process.env, ...environment },
  });
  return { status, stdout, stderr };
}
