// Leaves in dist/: the library as ES modules with declarations (tsc) and as CommonJS, and the command (dist/cli).
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { build } from "esbuild";

import { buildCommand } from "./build-command.mjs";

// What an earlier build left behind would be packed as well.
rmSync("dist", { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

await buildCommand();

// The library once more, as CommonJS with declarations of its own, for tools that cannot `require` an ES module: Jest,
// TypeScript with `module` node16 or node18, and resolution that knows nothing of `exports`. Node.js itself takes the
// ES modules either way (condition "module-sync"), so that a process never holds two copies.
await build({
  entryPoints: ["dist/index.js"],
  outfile: "dist/commonjs/index.js",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "cjs",
  target: "node22",
  define: { "import.meta.filename": "__filename" },
  legalComments: "none",
  logLevel: "warning",
});
writeFileSync("dist/commonjs/package.json", '{"type":"commonjs"}\n');
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts") || name.startsWith("commonjs")) continue;
  mkdirSync(dirname(join("dist/commonjs", name)), { recursive: true });
  copyFileSync(join("dist", name), join("dist/commonjs", name));
}
