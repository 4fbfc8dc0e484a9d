import { createRequire } from "node:module";
import { dirname } from "node:path";

/** Folder of the installed package `@roles-anywhere/mock`, whose programs and hooks the sandbox starts. */
export function mockPackageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve("@roles-anywhere/mock/package.json"));
}
