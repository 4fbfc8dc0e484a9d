// Lets one call of node:fs/promises fail, or the process die in its place. A test imports it; a command loads it with
// `--import` and the variable RA_PKI_DIE_AT.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const FUNCTIONS = [
  ...[
    "chmod",
    "link",
    "lstat",
    "mkdir",
    "open",
    "readdir",
    "readFile",
    "readlink",
    "rename",
    "rm",
    "rmdir",
    "stat",
  ],
  "symlink",
];
// Not close: Node gives each handle its own.
const METHODS = ["chmod", "read", "readFile", "stat", "sync", "truncate", "writeFile"];

/**
 * Calls `onStep` before each call, with its number and name. What it throws, the call throws.
 *
 * @param {(step: number, name: string) => void} onStep
 * @returns {Promise<() => void>} puts everything back
 */
export async function watchFileSystem(onStep) {
  const probe = await fs.open(process.execPath);
  const prototype = Object.getPrototypeOf(probe);
  await probe.close();
  const originals = [
    ...FUNCTIONS.map((name) => /** @type {const} */ ([fs, name, fs[name]])),
    ...METHODS.map((name) => /** @type {const} */ ([prototype, name, prototype[name]])),
  ];
  let step = 0;
  for (const [owner, name, original] of originals) {
    owner[name] = async function watched(...args) {
      step += 1;
      onStep(step, name);
      return original.apply(this, args);
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [owner, name, original] of originals) owner[name] = original;
    syncBuiltinESMExports();
  };
}

const dieAt = Number(process.env["RA_PKI_DIE_AT"]);
if (dieAt > 0) {
  await watchFileSystem((step) => {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  });
}
