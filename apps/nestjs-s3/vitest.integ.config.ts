import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

/** Tests with a real browser. */
export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    ...sharedConfig.test,
    include: ["test/**/*.integ.ts"],
    reporters: ["default", ["json", { outputFile: "reports/vitest.integ.json" }]],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
