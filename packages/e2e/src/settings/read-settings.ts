import { isAbsolute } from "node:path";
import type { BackendName } from "@roles-anywhere/sandbox";

/** What the demo and the end-to-end tests take from the environment. */
export interface Settings {
  backend: BackendName | "auto";
  /** The image with Node that the Dockerfile starts from. @default the one that the Dockerfile names */
  nodeImage: string | undefined;
  /** The folder of the event logs from which a report is made; without one nothing is recorded. */
  reportFolder: string | undefined;
}

/**
 * Reads `RA_BACKEND`, `NODE_IMAGE` and `RA_REPORT_DIR`. The sandbox reads its own variables: see its `resolveOptions`.
 *
 * @throws {Error} when RA_BACKEND is not auto, docker or process, or RA_REPORT_DIR is a relative path
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { RA_BACKEND, NODE_IMAGE, RA_REPORT_DIR } = environment;
  // Each workspace runs in a folder of its own, to which a relative path would be.
  if (RA_REPORT_DIR && !isAbsolute(RA_REPORT_DIR)) {
    throw new Error(`RA_REPORT_DIR is ${JSON.stringify(RA_REPORT_DIR)}; give an absolute path`);
  }
  return {
    backend: parseBackend(RA_BACKEND || "auto"),
    nodeImage: NODE_IMAGE || undefined,
    reportFolder: RA_REPORT_DIR || undefined,
  };
}

/** @throws {Error} when `value` names no back end */
export function parseBackend(value: string): BackendName | "auto" {
  if (value === "auto" || value === "docker" || value === "process") return value;
  throw new Error(`the back end is auto, docker or process, not "${value}"`);
}
