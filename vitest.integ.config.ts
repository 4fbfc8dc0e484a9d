import { defineConfig } from "vitest/config";
import { sharedConfig } from "./vitest.shared.ts";

/** What needs act, which runs workflows. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.integ.json" }]],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
