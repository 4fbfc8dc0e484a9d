import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

/** Tests in which the file system fails: it is full, read-only, closed, or the process is killed. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.integ.json" }]],
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
