import { spawnSync } from "node:child_process";

// What the suite imports is run by Node.js as it stands, 22 included, which knows no `using`: src/testing has it.

/** Runs openssl and returns its stdout. */
export function openssl(args: readonly string[], input?: string | Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync("openssl", args, input === undefined ? {} : { input });
  if (error !== undefined) throw new Error("the suite needs the command openssl", { cause: error });
  if (status !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  return stdout;
}
