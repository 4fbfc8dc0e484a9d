// Leaves in dist/: the library as ES modules with declarations (tsc) and as CommonJS, and the command (dist/cli).
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { build } from "esbuild";

// What an earlier build left behind would be packed as well.
rmSync("dist", { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const options = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  define: { "import.meta.filename": "__filename" },
  legalComments: "none",
  logLevel: "warning",
};

// The command is CommonJS: `require("node:http")` costs half of what `import "node:http"` does, because an ES import of a
// built-in module reads each of its exports, which loads the lazy ones (fetch, WebCrypto) as well. credential-process has
// a file of its own, half as long: that spares 7 % of a call with a https endpoint and 16 % of a hit of the cache in
// Node.js (instructions, Node.js 24). Node's compile cache would spare 3 % more, and needs a folder of code that nobody
// else may write to; it is not used.
await build({
  ...options,
  entryPoints: { commands: "src/cli/main.ts", "credential-process": "src/cli/credential-process-main.ts" },
  outdir: "dist/cli",
  outExtension: { ".js": ".cjs" },
  minify: true,
  supported: { "dynamic-import": false },
});
for (const name of ["main.cjs", "cached.sh"]) copyFileSync(join("launcher", name), join("dist/cli", name));

// The library once more, as CommonJS with declarations of its own, for tools that cannot `require` an ES module: Jest,
// TypeScript with `module` node16 or node18, and resolution that knows nothing of `exports`. Node.js itself takes the
// ES modules either way (condition "module-sync"), so that a process never holds two copies.
await build({
  ...options,
  entryPoints: ["dist/index.js"],
  outfile: "dist/commonjs/index.js",
  packages: "external",
});
writeFileSync("dist/commonjs/package.json", '{"type":"commonjs"}\n');
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts") || name.startsWith("commonjs")) continue;
  mkdirSync(dirname(join("dist/commonjs", name)), { recursive: true });
  copyFileSync(join("dist", name), join("dist/commonjs", name));
}
