// Bundles the command with everything it needs into dist/ra-mock.mjs: the Docker image is this one file.
import { chmod } from "node:fs/promises";
import { build } from "esbuild";

const outfile = "dist/ra-mock.mjs";

await build({
  // The command checks the version of Node.js before it imports the rest.
  entryPoints: ["bin/ra-mock.js"],
  outfile,
  bundle: true,
  platform: "node",
  target: "node22",
  format: "esm",
  // Dependencies in CommonJS call require(), which an ES module has to make for them.
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
  legalComments: "none",
  logLevel: "warning",
});
await chmod(outfile, 0o755);
