import type { BackendName, SandboxOptions } from "@roles-anywhere/sandbox";

/** What the demo and the end-to-end tests take from the environment. */
export interface Settings {
  backend: BackendName | "auto";
  sandbox: Pick<SandboxOptions, "localstackImage" | "nodeImage" | "cacheDirectory">;
}

/**
 * Reads `RA_BACKEND`, `RA_CACHE_DIR`, `LOCALSTACK_IMAGE` and `NODE_IMAGE`.
 *
 * @throws {Error} when RA_BACKEND is not auto, docker or process
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { RA_BACKEND, RA_CACHE_DIR, LOCALSTACK_IMAGE, NODE_IMAGE } = environment;
  return {
    backend: parseBackend(RA_BACKEND ?? "auto"),
    sandbox: {
      ...(LOCALSTACK_IMAGE === undefined ? {} : { localstackImage: LOCALSTACK_IMAGE }),
      ...(NODE_IMAGE === undefined ? {} : { nodeImage: NODE_IMAGE }),
      ...(RA_CACHE_DIR === undefined ? {} : { cacheDirectory: RA_CACHE_DIR }),
    },
  };
}

/** @throws {Error} when `value` names no back end */
export function parseBackend(value: string): BackendName | "auto" {
  if (value === "auto" || value === "docker" || value === "process") return value;
  throw new Error(`the back end is auto, docker or process, not "${value}"`);
}
