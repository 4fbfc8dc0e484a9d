// Leaves in dist/: the library as ES modules with declarations (tsc), and the command (dist/cli/main.cjs and usual-key.cjs).
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";

import { build } from "esbuild";

// What an earlier build left behind would be packed as well.
rmSync("dist", { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

/** Loads a built-in module when its first export is used: commander and others name modules that few calls need. */
const LAZY_REQUIRE = "let require=(name,loaded)=>new Proxy({},{get:(_,key)=>(loaded??=load(name))[key]});";

/** The one file that bin/ra-pki.js loads before the command; both must have the same key. */
const separate = {
  name: "separate",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/usual-key\.ts$/ }, () => ({ path: "./usual-key.cjs", external: true })),
};

// One file instead of 75, and CommonJS, because an ES import of a built-in module reads each of its exports, which loads the
// lazy ones (WebCrypto) as well. Together they spare more than half of what a command takes above bare Node.js.
await build({
  entryPoints: { main: "src/cli/main.ts", "usual-key": "src/cli/usual-key.ts" },
  outdir: "dist/cli",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  supported: { "dynamic-import": false },
  define: { "import.meta.dirname": "__dirname" },
  plugins: [separate],
  minify: true,
  banner: { js: `(load=>{${LAZY_REQUIRE}` },
  footer: { js: "})(require);" },
  logLevel: "warning",
});
