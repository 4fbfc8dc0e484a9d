// Leaves in dist/: the library as ES modules with declarations (tsc), and the command as one CommonJS file (esbuild).
//
// CommonJS for the command: `require("node:http")` costs half of what `import "node:http"` does, because an ES import of
// a built-in module reads each of its exports, which loads the lazy ones (fetch, WebCrypto) as well.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

import { build } from "esbuild";

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

mkdirSync("dist/cli", { recursive: true });
copyFileSync("launcher/cached.sh", "dist/cli/cached.sh");
writeFileSync("dist/cli/package.json", '{"type":"commonjs"}\n');
await build({
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli/main.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  minify: true,
  define: { "import.meta.filename": "__filename" },
  legalComments: "none",
  logLevel: "warning",
});
