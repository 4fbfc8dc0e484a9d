import { defineConfig, mergeConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

export default mergeConfig(
  sharedConfig,
  defineConfig({
    test: {
      // Validation against CloudFormation's rules takes seconds per synthesis: one test switches it on.
      env: { CDK_VALIDATION: "false" },
    },
  }),
);
