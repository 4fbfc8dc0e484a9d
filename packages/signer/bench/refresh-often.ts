// Refreshes again and again, and prints the bytes in use after FEW and after MANY times as JSON; with a key in a token also
// those of the process that holds its library. With `node:http` it only
// sends as many requests, which is the yardstick.
//
// usage: node --expose-gc refresh-often.ts node:http|provider|serve FEW MANY PROVIDER-OPTIONS SERVE-FLAGS…
import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";

import { serve } from "../src/cli/commands/serve.ts";
import { fromRolesAnywhere } from "../src/index.ts";

const [what, few, many, options = "", ...serveFlags] = process.argv.slice(2);
const stops = [Number(few), Number(many)];
const found: Record<string, number[]> = { heap: [], resident: [] };

let refreshes = 0;
/** Called after each refresh; true after the last one. */
function isOver(): boolean {
  refreshes += 1;
  if (!stops.includes(refreshes)) return false;
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  (found["heap"] ??= []).push(heapUsed);
  (found["resident"] ??= []).push(rss);
  for (const bytes of residentOfChildren()) (found["token process"] ??= []).push(bytes);
  return refreshes === stops.at(-1);
}

/** Resident memory of each process that this one has started (Linux). */
function residentOfChildren(): readonly number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/task").flatMap((task) => {
    const children = readFileSync(`/proc/self/task/${task}/children`, "utf8").split(" ").filter(Boolean);
    return children.map((pid) => {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      return Number(kilobytes) * 1024;
    });
  });
}

if (what === "node:http") {
  const { endpoint } = JSON.parse(options);
  const send = (): Promise<void> =>
    new Promise((resolve, reject) => {
      request(`${endpoint}/sessions`, { method: "POST", agent: false }, (response) => {
        response.resume().once("close", resolve);
      })
        .once("error", reject)
        .end("{}");
    });
  do await send();
  while (!isOver());
} else if (what === "provider") {
  const provider = fromRolesAnywhere(JSON.parse(options));
  do await provider({ forceRefresh: true });
  while (!isOver());
} else {
  // This clock is a day ahead: to it every session has ended, so the next is due after a pause, and no pause takes time.
  let moment = Date.now() + 86_400_000;
  const stop = new AbortController();
  await serve.run(serveFlags, {
    environment: {},
    out: () => {},
    note: () => {},
    time: {
      signal: stop.signal,
      now: () => new Date(moment),
      async sleep(milliseconds) {
        moment += milliseconds;
        if (isOver()) stop.abort();
      },
    },
  });
}
console.log(JSON.stringify(found));
