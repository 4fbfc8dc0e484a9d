// Many processes at once that share a cold cache, beside as many bare ones.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

import { world } from "./world.mjs";

const PROCESSES = 200;

export async function burst() {
  const { launcher, main, words, environment } = world;
  const bare = await atOnce(process.execPath, ["-e", "0"]);
  const cached = [launcher, process.execPath, main, ...words, "--cache"];
  rmSync(environment.RA_SIGNER_CACHE_DIR, { recursive: true, force: true });
  const cold = await atOnce("/bin/sh", cached);
  const warm = await atOnce("/bin/sh", cached);
  console.log(`\n${PROCESSES} processes at once, until the last one has ended`);
  for (const [name, value] of Object.entries({
    "node -e 0": bare,
    "credential-process --cache, none there yet": cold,
    "credential-process --cache, hits": warm,
  })) {
    console.log(
      `  ${name.padEnd(48)} ${value.toFixed(0).padStart(7)} ms  ${(value / bare).toFixed(2).padStart(6)} x`,
    );
  }
}

async function atOnce(program, args) {
  const began = performance.now();
  await Promise.all(
    Array.from(
      { length: PROCESSES },
      () =>
        new Promise((resolve, reject) => {
          const child = spawn(program, args, { env: world.environment, stdio: "ignore" });
          child.once("error", reject);
          child.once("exit", (code) =>
            code === 0 ? resolve() : reject(new Error(`${program} exited with ${code}`)),
          );
        }),
    ),
  );
  return performance.now() - began;
}
