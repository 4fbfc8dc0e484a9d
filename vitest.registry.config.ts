import { defineConfig } from "vitest/config";
import { sharedConfig } from "./vitest.shared.ts";

/** The packages as other projects install them, from a registry. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/registry/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.registry.json" }]],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Each installs, compiles or runs a project.
    maxConcurrency: 3,
  },
});
