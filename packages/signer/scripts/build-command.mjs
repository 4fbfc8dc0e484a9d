// The command in dist/cli: a small main.js that starts credential-process.js, which knows the one command that an SDK
// waits for, and that loads commands.js for the others. They are CommonJS: `require("node:http")` costs half of what
// `import "node:http"` does, because an ES import of a built-in module reads each of its exports, which loads the lazy
// ones (fetch, WebCrypto) as well.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

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
  writeFileSync("dist/cli/package.json", '{"type":"commonjs"}\n');
  copyFileSync("launcher/cached.sh", "dist/cli/cached.sh");
  await build({ ...options, entryPoints: ["src/cli/other-commands.ts"], outfile: "dist/cli/commands.js" });
  const { outputFiles } = await build({
    ...options,
    entryPoints: ["src/cli/main.ts"],
    write: false,
    banner: { js: "(function(require,__filename){" },
    footer: { js: "})" },
    plugins: [otherCommandsApart],
  });
  const [{ text }] = outputFiles;
  // The name says what is in it, so that compiled code of another build is never taken for its own.
  const name = `credential-process-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.js`;
  writeFileSync(join("dist/cli", name), text);
  await compileAhead(join("dist/cli", name));
  const main = readFileSync("launcher/main.js", "utf8").replace("<bundle>", name);
  writeFileSync("dist/cli/main.js", main, { mode: 0o755 });
}

const otherCommandsApart = {
  name: "other-commands-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\/other-commands\.ts$/ }, () => ({ path: "./commands.js", external: true }));
  },
};

/** Gets one session from a service of our own, and keeps V8's code of everything that this has run. */
async function compileAhead(bundle) {
  const vector = JSON.parse(readFileSync("test-vectors/createsession-ecdsa.json", "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "ra-signer-build-"));
  const service = spawn(process.execPath, [fileURLToPath(new URL("answer-sessions.mjs", import.meta.url))], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    writeFileSync(join(folder, "client.pem"), vector.certificatePem);
    writeFileSync(join(folder, "client.key"), vector.privateKeyPem, { mode: 0o600 });
    const endpoint = String((await service.stdout[Symbol.asyncIterator]().next()).value).trim();
    const words = [
      ...["credential-process", "--certificate", join(folder, "client.pem")],
      ...["--private-key", join(folder, "client.key"), "--endpoint", endpoint],
      ...["--trust-anchor-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/1"],
      ...["--profile-arn", "arn:aws:rolesanywhere:us-east-1:123456789012:profile/2"],
      ...["--role-arn", "arn:aws:iam::123456789012:role/Example"],
    ];
    const { status, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(new URL("compile-ahead.cjs", import.meta.url)), bundle, ...words],
      { env: { PATH: process.env.PATH }, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`the command could not be compiled ahead: ${stderr}`);
  } finally {
    service.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
