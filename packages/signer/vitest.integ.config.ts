import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

/** Tests that start hundreds of processes, or wait for a service that hangs: one file at a time, on any machine. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.integ.json" }]],
    fileParallelism: false,
    // Those that wait do so side by side.
    maxConcurrency: 12,
    testTimeout: 300_000,
  },
});
