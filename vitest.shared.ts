import type { ViteUserConfig } from "vitest/config";

/**
 * What every workspace's test run has in common: tests beside the code, a readable report on the
 * terminal and a JSON one in `reports/`, and no retries (a flaky test is a bug).
 */
export const sharedConfig = {
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.json" }]],
    retry: 0,
    testTimeout: 30_000,
    unstubEnvs: true,
    restoreMocks: true,
  },
} satisfies ViteUserConfig;
