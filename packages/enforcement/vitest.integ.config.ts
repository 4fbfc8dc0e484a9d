import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

/** Tests against botocore, which the sandbox installs with LocalStack. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.integ.json" }]],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
