// Leaves in dist/: the library as one ES module with declarations (tsc), and the command (dist/cli/*.cjs). Both include
// what they use of the package `files`, which is not published.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { build } from "esbuild";

// What an earlier build left behind would be packed as well.
rmSync("dist", { recursive: true, force: true });

const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22",
  external: Object.keys(JSON.parse(readFileSync("package.json", "utf8")).dependencies),
  logLevel: "warning",
});

/** Loads a module when its first export is used: commander and others name modules that few calls need. */
const LAZY_REQUIRE = "let require=(name,loaded)=>new Proxy({},{get:(_,key)=>(loaded??=load(name))[key]});";

/** Modules with a file of their own: the key that the launcher and the command must share, and what few calls need. */
const SEPARATE = new Map([
  ["./usual-key.ts", "./usual-key.cjs"],
  ["csv-parse/sync", "./csv-parse.cjs"],
]);

// CommonJS, because an ES import of a built-in module reads each of its exports, which loads the lazy ones (WebCrypto) as
// well.
const options = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
  minify: true,
  logLevel: "warning",
};
await build({
  ...options,
  entryPoints: { "usual-key": "src/cli/usual-key.ts", "csv-parse": "csv-parse/sync" },
  outdir: "dist/cli",
  outExtension: { ".js": ".cjs" },
});
// The scripts give a function of `require` and `__filename`.
const { outputFiles } = await build({
  ...options,
  entryPoints: { commands: "src/cli/main.ts", "init-and-issue": "src/cli/init-and-issue.ts" },
  outdir: "dist/cli",
  outExtension: { ".js": ".cjs" },
  write: false,
  plugins: [
    {
      name: "separate",
      setup: ({ onResolve }) =>
        onResolve({ filter: /usual-key|csv-parse/ }, ({ path }) => {
          const separate = SEPARATE.get(path);
          return separate === undefined ? undefined : { path: separate, external: true };
        }),
    },
  ],
  banner: { js: `(function(load,__filename){${LAZY_REQUIRE}` },
  footer: { js: "})" },
});
for (const { path, text } of outputFiles) writeFileSync(path, text);
// What the name of the compiled code ends with, so that code of another build is never taken for this one's: V8 compares no
// more than the length.
const hash = outputFiles
  .reduce((sum, { text }) => sum.update(text), createHash("sha256"))
  .digest("hex")
  .slice(0, 12);
writeFileSync("dist/cli/main.cjs", readFileSync("launcher/main.cjs", "utf8").replace("<hash>", hash));

// Keeps V8's code of what commands run.
const folder = mkdtempSync(join(tmpdir(), "ra-pki-build-"));
try {
  const key = ["--key-type", "ec-p256"];
  keepCode("init-and-issue", "init", ...key);
  keepCode("init-and-issue", "issue", "--name", "server-1", ...key);
  keepCode("commands", "--help");
  keepCode("commands", "request", "--name", "server-2", ...key);
  keepCode("commands", "sign", "pki/server-2.csr", "--name", "server-2");
  keepCode("commands", "inspect", "pki/server-1.pem");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a command in the folder, and adds V8's code of what it runs to that of the runs before. */
function keepCode(script, ...words) {
  const program = resolve("../signer/scripts/keep-code.cjs");
  const file = resolve("dist/cli", `${script}.cjs`);
  const ended = spawnSync(process.execPath, [program, file, hash, ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  if (ended.status !== 0) throw new Error(`the command could not be compiled ahead: ${ended.stderr}`);
}
