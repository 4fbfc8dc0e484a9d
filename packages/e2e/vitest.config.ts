import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

// Each file starts a sandbox. They run one after the other, so that a small machine does not cause timeouts.
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.e2e.test.ts"],
    // No program of the run can connect to AWS, and the run fails when one tries.
    globalSetup: ["test/support/no-aws/global-setup.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.e2e.json" }]],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});
