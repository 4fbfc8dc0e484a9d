import { defineConfig } from "vitest/config";
import { sharedConfig } from "./vitest.shared.ts";

/** Renames a copy of the repository, and builds and checks it. */
export default defineConfig({
  test: {
    ...sharedConfig.test,
    include: ["test/renamed-template.e2e.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.template.json" }]],
    hookTimeout: 600_000,
  },
});
