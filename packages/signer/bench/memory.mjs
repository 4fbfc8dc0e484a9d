// What provider and serve hold after many refreshes, beside what they held after a few, and beside bare requests: resident
// memory is what Node.js has not yet given back and levels off, the heap is what is really held. Each in a process of
// its own.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { world } from "./world.mjs";

const FEW = 500;
const MANY = 10_000;

export function memory() {
  console.log(`\nmemory after ${FEW} and after ${MANY.toLocaleString("en")} refreshes`);
  for (const what of ["node:http", "provider", "serve"]) {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        ...["--expose-gc", fileURLToPath(new URL("refresh-often.ts", import.meta.url))],
        ...[what, String(FEW), String(MANY), JSON.stringify(world.init), ...world.serveWords.slice(1)],
      ],
      { env: world.environment, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`${what}: ${stderr}`);
    for (const [kind, [few, many]] of Object.entries(JSON.parse(stdout))) {
      const megabytes = [few, many].map((bytes) => (bytes / 2 ** 20).toFixed(1).padStart(6));
      console.log(
        `  ${`${what}, ${kind}`.padEnd(40)} ${megabytes.join(" MB ")} MB  ${(many / few).toFixed(2).padStart(6)} x`,
      );
    }
  }
}
