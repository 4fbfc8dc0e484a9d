import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

// The story in an account of AWS, which `npm run test:e2e` leaves out: docs/aws-account.md.
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.aws.test.ts"],
    // Not in `reports/*.json`, which are added up: these tests may run within another one.
    reporters: ["default"],
    testTimeout: 120_000,
    hookTimeout: 1_800_000,
  },
});
