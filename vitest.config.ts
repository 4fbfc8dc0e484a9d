import { defineConfig } from "vitest/config";
import { sharedConfig } from "./vitest.shared.ts";

/** What concerns the repository as a whole: imports and their picture, command lines, and the links of all pages. */
export default defineConfig({
  test: { ...sharedConfig.test, include: ["test/**/*.test.ts"] },
});
