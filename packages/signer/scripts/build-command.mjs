// The command in dist/cli: main.cjs, which starts either commands-….cjs, that has all commands, or credential-process-….cjs,
// that has the one an SDK waits for. They are CommonJS: `require("node:http")` costs half of what `import "node:http"`
// does, because an ES import of a built-in module reads each of its exports, which loads the lazy ones (fetch, WebCrypto)
// as well.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { writeSampleIdentity } from "./sample-identity.mjs";

const options = {
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node22",
  minify: true,
  // Scripts that node:vm runs cannot import(), and `require` of what is loaded late does as well.
  supported: { "dynamic-import": false },
  define: { "import.meta.filename": "__filename" },
  legalComments: "none",
  logLevel: "warning",
};

/** Leaves the command in dist/cli of the current folder. */
export async function buildCommand() {
  mkdirSync("dist/cli", { recursive: true });
  copyFileSync("launcher/cached.sh", "dist/cli/cached.sh");
  await build({ ...options, entryPoints: ["src/cli/ask-password.ts"], outfile: "dist/cli/ask-password.cjs" });
  const commands = await buildScript("commands", { entryPoints: ["src/cli/main.ts"] });
  const credentialProcess = await buildScript("credential-process", {
    entryPoints: ["src/cli/credential-process-main.ts"],
    plugins: [passwordApart],
  });
  const main = readFileSync("launcher/main.cjs", "utf8")
    .replace("<commands>", commands)
    .replace("<credential-process>", credentialProcess);
  writeFileSync("dist/cli/main.cjs", main, { mode: 0o755 });
  await compileAhead([[], ["--cache"]]);
}

/**
 * Leaves a script that gives a function of `require` and `__filename`. Its name says what is in it, so that compiled code
 * of another build is never taken for its own.
 */
async function buildScript(name, more) {
  const { outputFiles } = await build({
    ...options,
    ...more,
    write: false,
    banner: { js: `(function(require,__filename){${LATE_CRYPTO}` },
    footer: { js: "})" },
  });
  const text = outputFiles[0].text.replaceAll('require("node:crypto")', "lateCrypto");
  const file = `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.cjs`;
  writeFileSync(join("dist/cli", file), text);
  return file;
}

/** Loading node:crypto takes longer than anything else: it is put off until something of it is used. */
const LATE_CRYPTO =
  'let nodeCrypto;const lateCrypto=new Proxy({},{get:(_,name)=>(nodeCrypto??=require("node:"+"crypto"))[name]});';

/** Almost no call asks for a password. */
const passwordApart = {
  name: "password-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/ask-password\.ts$/ }, () => ({ path: "./ask-password.cjs", external: true }));
  },
};

/** Gets a session from a service of our own with each set of flags: the command keeps V8's code of what this has run. */
async function compileAhead(sets) {
  const folder = mkdtempSync(join(tmpdir(), "ra-signer-build-"));
  const service = spawn(process.execPath, [fileURLToPath(new URL("answer-sessions.mjs", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { flags: identityFlags } = writeSampleIdentity(folder);
    const endpoint = String((await service.stdout[Symbol.asyncIterator]().next()).value).trim();
    for (const flags of sets) {
      const { status, stderr } = spawnSync(
        process.execPath,
        ["dist/cli/main.cjs", "credential-process", ...identityFlags, "--endpoint", endpoint, ...flags],
        { env: { PATH: process.env.PATH, RA_SIGNER_CACHE_DIR: join(folder, "cache") }, encoding: "utf8" },
      );
      if (status !== 0) throw new Error(`the command could not be compiled ahead: ${stderr}`);
    }
  } finally {
    service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
