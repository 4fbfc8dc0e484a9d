import type { BackendName } from "@roles-anywhere/sandbox";

/** What the demo and the end-to-end tests take from the environment. */
export interface Settings {
  backend: BackendName | "auto";
  /** The image with Node that the Dockerfile starts from. @default the one that the Dockerfile names */
  nodeImage: string | undefined;
}

/**
 * Reads `RA_BACKEND` and `NODE_IMAGE`. The sandbox reads its own variables: see its `resolveOptions`.
 *
 * @throws {Error} when RA_BACKEND is not auto, docker or process
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { RA_BACKEND, NODE_IMAGE } = environment;
  return { backend: parseBackend(RA_BACKEND || "auto"), nodeImage: NODE_IMAGE || undefined };
}

/** @throws {Error} when `value` names no back end */
export function parseBackend(value: string): BackendName | "auto" {
  if (value === "auto" || value === "docker" || value === "process") return value;
  throw new Error(`the back end is auto, docker or process, not "${value}"`);
}
