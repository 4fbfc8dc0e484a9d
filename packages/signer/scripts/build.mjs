// Leaves in dist/: the library as ES modules with declarations (tsc) and as CommonJS, and the command (dist/cli).
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { build } from "esbuild";

import { writeSampleIdentity } from "../bench/sample-identity.mjs";

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
// a file of its own, less than half as long: that spares 7 % of a call with a https endpoint and 16 % of a hit of the
// cache in Node.js (instructions, Node.js 24).
const command = { ...options, outdir: "dist/cli", minify: true, supported: { "dynamic-import": false } };
/** Loads a module when its first export is used, so that each call loads only what it needs, when it needs it. */
const LAZY_REQUIRE =
  'let require=(name,loaded)=>name==="./pkcs11.cjs"?load(name):new Proxy({},{get:(_,key)=>(loaded??=load(name))[key]});';
/** What few calls of credential-process need has a script of its own, so that the others read a sixth less. */
const RARELY_USED = /\/(?:ask-password|asn1|help-text|pfx|refusal|refused-option|special-flags)\.ts$/;

/** PKCS#11 has a script of its own beside each that may need it, so that nobody else reads it. */
const pkcs11Apart = {
  name: "pkcs11-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/token-identity\.[jt]s$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./pkcs11.cjs", external: true } : undefined,
    );
  },
};

await build({
  ...command,
  entryPoints: { commands: "src/cli/main.ts" },
  outExtension: { ".js": ".cjs" },
  plugins: [pkcs11Apart],
});
for (const folder of ["dist/cli", "dist/commonjs"]) {
  await build({
    ...command,
    entryPoints: { pkcs11: "src/pkcs11/token-identity.ts" },
    outdir: folder,
    outExtension: { ".js": ".cjs" },
    packages: folder === "dist/cli" ? undefined : "external",
  });
}
// The process that holds a PKCS#11 library, for the command and for both forms of the library.
await build({
  ...command,
  entryPoints: { "token-agent": "src/pkcs11/agent/main.ts" },
  outdir: "dist",
  outExtension: { ".js": ".cjs" },
});
const hash = await buildCredentialProcess();
const launcher = readFileSync("launcher/main.cjs", "utf8").replace("<hash>", hash);
writeFileSync("dist/cli/main.cjs", launcher, { mode: 0o755 });
copyFileSync("launcher/cached.sh", "dist/cli/cached.sh");
await compileAhead(resolve("dist/cli/credential-process.cjs"), hash);

// The library once more, as CommonJS with declarations of its own, for tools that cannot `require` an ES module: Jest,
// TypeScript with `module` node16 or node18, and resolution that knows nothing of `exports`. Node.js itself takes the
// ES modules either way (condition "module-sync"), so that a process never holds two copies.
await build({
  ...options,
  entryPoints: ["dist/index.js"],
  outfile: "dist/commonjs/index.js",
  packages: "external",
  supported: { "dynamic-import": false },
  plugins: [pkcs11Apart],
});
writeFileSync("dist/commonjs/package.json", '{"type":"commonjs"}\n');
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".d.ts") || name.startsWith("commonjs")) continue;
  mkdirSync(dirname(join("dist/commonjs", name)), { recursive: true });
  copyFileSync(join("dist", name), join("dist/commonjs", name));
}

/**
 * Leaves a script that gives a function of `require` and `__filename`.
 *
 * @returns What the name of its compiled code ends with: a hash, so that code of another build is never taken for its own
 *   (V8 compares no more than the length).
 */
async function buildCredentialProcess() {
  const rarelyUsed = new Set();
  const { outputFiles } = await build({
    ...command,
    entryPoints: ["src/cli/credential-process-main.ts"],
    write: false,
    banner: { js: `(function(load,__filename){${LAZY_REQUIRE}` },
    footer: { js: "})" },
    plugins: [
      pkcs11Apart,
      {
        name: "rarely-used",
        setup({ onResolve }) {
          onResolve({ filter: RARELY_USED }, ({ path, resolveDir }) => {
            rarelyUsed.add(resolve(resolveDir, path));
            return { path: "./rarely-used.cjs", external: true };
          });
        },
      },
    ],
  });
  const contents = [...rarelyUsed].map((path) => `export * from ${JSON.stringify(path)};`).join("");
  await build({
    ...command,
    stdin: { contents, resolveDir: "." },
    outdir: undefined,
    outfile: "dist/cli/rarely-used.cjs",
  });
  const [{ text }] = outputFiles;
  writeFileSync("dist/cli/credential-process.cjs", text);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Gets a session from a service of our own, then the same from the cache, and keeps V8's code of both beside the script. */
async function compileAhead(script, hash) {
  const folder = mkdtempSync(join(tmpdir(), "ra-signer-build-"));
  const { options: identity, flags } = writeSampleIdentity(folder);
  const service = spawn(process.execPath, ["bench/service.mjs", identity.certificate, identity.privateKey], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const endpoint = String((await service.stdout[Symbol.asyncIterator]().next()).value).trim();
    const words = ["credential-process", ...flags, "--endpoint", endpoint, "--no-verify-ssl", "--cache"];
    for (let run = 0; run < 2; run += 1) {
      const ended = spawnSync(process.execPath, ["scripts/keep-code.cjs", script, hash, ...words], {
        env: { PATH: process.env.PATH, RA_SIGNER_CACHE_DIR: join(folder, "cache") },
        encoding: "utf8",
      });
      if (ended.status !== 0) throw new Error(`the command could not be compiled ahead: ${ended.stderr}`);
    }
  } finally {
    service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
