import { defineConfig } from "vitest/config";
import { sharedConfig } from "../../vitest.shared.ts";

export default defineConfig({
  ...sharedConfig,
  // Nest's OpenAPI finds parameters by the types that tsc emits.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
});
