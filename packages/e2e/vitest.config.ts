import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

// Each file starts its own sandbox: one at a time, so that a small machine is not the reason of a timeout.
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.e2e.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});
