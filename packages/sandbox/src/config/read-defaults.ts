import { homedir } from "node:os";
import { join } from "node:path";
import { LOCALSTACK_VERSION } from "../localstack/settings.ts";

/** What the environment may say in place of an option. */
export interface SandboxDefaults {
  localstackImage: string;
  mockImage: string | undefined;
  nodeImage: string;
  cacheDirectory: string;
}

/**
 * Reads `LOCALSTACK_IMAGE`, `RA_MOCK_IMAGE`, `NODE_IMAGE` and `RA_CACHE_DIR`; one that is empty counts as not set.
 *
 * @param environment usually `process.env`
 */
export function readDefaults(environment: Readonly<Record<string, string | undefined>>): SandboxDefaults {
  const { LOCALSTACK_IMAGE, RA_MOCK_IMAGE, NODE_IMAGE, RA_CACHE_DIR } = environment;
  return {
    localstackImage: LOCALSTACK_IMAGE || `localstack/localstack:${LOCALSTACK_VERSION}`,
    mockImage: RA_MOCK_IMAGE || undefined,
    nodeImage: NODE_IMAGE || "node:24-slim",
    cacheDirectory: RA_CACHE_DIR || join(homedir(), ".cache", "roles-anywhere-kit"),
  };
}
