import { defineConfig } from "vitest/config";
import { sharedConfig } from "./vitest.shared.ts";

/** What concerns the repository as a whole: who may import whom, the picture of it, the style of the command lines. */
export default defineConfig({
  test: { ...sharedConfig.test, include: ["test/**/*.test.ts"] },
});
