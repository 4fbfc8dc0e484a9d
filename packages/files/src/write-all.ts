import { writeSync } from "node:fs";

import { codeOf } from "./file-error.ts";

/**
 * Writes data to a file descriptor before it returns. Lighter than process.stdout, which loads streams, and nothing is
 * lost when the process exits right afterwards.
 *
 * @param descriptor 1 for stdout, 2 for stderr.
 */
export function writeAll(descriptor: number, data: string | Uint8Array): void {
  let bytes: Uint8Array = typeof data === "string" ? Buffer.from(data, "utf8") : data;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      // A pipe that somebody made non-blocking is full: give its reader a moment.
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
