// Lets one call of node:fs fail, or the process die in its place. A test imports it; a command loads it with
// `--import` and the variable RA_PKI_DIE_AT.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const FUNCTIONS = [
  "chmodSync",
  "fchmodSync",
  "fstatSync",
  "fsync",
  "ftruncateSync",
  "linkSync",
  "lstatSync",
  "mkdirSync",
  "openSync",
  "readdirSync",
  "readFileSync",
  "readlinkSync",
  "readSync",
  "renameSync",
  "rmSync",
  "rmdirSync",
  "statSync",
  "symlinkSync",
  "writeFileSync",
];
// Node's loader reads modules, and the lock reads about processes: neither is a step of a command.
const OTHERS = /^(?:\/proc\/|.*\.(?:[cm]?js|json)(?:\.[^/]*)?$)/;

/**
 * Calls `onStep` before each call, with its number and name. What it throws, the call throws.
 *
 * @param {(step: number, name: string) => void} onStep
 * @returns {() => void} puts everything back
 */
export function watchFileSystem(onStep) {
  const originals = FUNCTIONS.map((name) => /** @type {const} */ ([name, fs[name]]));
  let step = 0;
  let isNested = false;
  for (const [name, original] of originals) {
    fs[name] = function watched(...args) {
      // Node's own functions call each other.
      if (isNested) return original.apply(this, args);
      isNested = true;
      try {
        if (!OTHERS.test(String(args[0]))) {
          step += 1;
          onStep(step, name);
        }
        return original.apply(this, args);
      } finally {
        isNested = false;
      }
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const [name, original] of originals) fs[name] = original;
    syncBuiltinESMExports();
  };
}

const dieAt = Number(process.env["RA_PKI_DIE_AT"]);
if (dieAt > 0) {
  watchFileSystem((step) => {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  });
}
