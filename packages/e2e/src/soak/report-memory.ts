// Loaded into the app before its own code. Every two seconds it collects garbage, and appends what is left to a file.
import { appendFileSync } from "node:fs";

const file = process.env["RA_SOAK_MEMORY_FILE"];
const collect = globalThis.gc;
// The credential process is not what is measured.
delete process.env["NODE_OPTIONS"];

if (file !== undefined && collect !== undefined) {
  setInterval(() => {
    collect();
    const { heapUsed: heapBytes, rss: rssBytes } = process.memoryUsage();
    appendFileSync(file, `${JSON.stringify({ at: Date.now(), heapBytes, rssBytes })}\n`);
  }, 2000).unref();
}
