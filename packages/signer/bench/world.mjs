// What every measurement needs: an identity, a service that answers at once over HTTP and HTTPS, and command lines.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { derOf, setUpSoftHsm, softHsmLibrary } from "../test/support/softhsm.ts";
import { writeSampleIdentity } from "./sample-identity.mjs";

const folder = mkdtempSync(join(tmpdir(), "ra-signer-bench-"));
const { options, flags } = writeSampleIdentity(folder);
const { flags: rsaFlags } = writeSampleIdentity(folder, "rsa");
const tokenFile = join(folder, "token");

/** The P-256 key on a token of SoftHSM, where there is one. */
const token = softHsmLibrary === undefined ? undefined : putOnToken(softHsmLibrary);

function putOnToken(library) {
  const hsm = setUpSoftHsm(folder, library);
  const names = { id: "01", objectLabel: "client" };
  hsm.add("server", "12345678", [
    { kind: "certificate", der: derOf(readFileSync(options.certificate, "utf8")), ...names },
    { kind: "key", pem: readFileSync(options.privateKey, "utf8"), ...names },
  ]);
  const pin = join(folder, "pin");
  writeFileSync(pin, "12345678", { mode: 0o600 });
  const uri = `pkcs11:token=server;object=client?pin-source=file:${pin}`;
  return {
    environment: hsm.environment,
    flags: ["--certificate", uri, "--pkcs11-lib", library, ...flags.slice(4)],
  };
}

const children = [];

/** Starts a program of Node.js and gives the first line of its output that fits. */
async function start(args, stream, pattern) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  child[stream === "stdout" ? "stderr" : "stdout"].resume();
  let text = "";
  for await (const chunk of child[stream]) {
    text += chunk;
    const match = pattern.exec(text);
    if (match === null) continue;
    return match[1];
  }
  throw new Error(`${args.join(" ")} ended: ${text}`);
}

const service = fileURLToPath(new URL("./service.mjs", import.meta.url));
const endpoint = await start([service], "stdout", /^(http:\S+)\n/);
const tlsEndpoint = await start(
  [service, options.certificate, options.privateKey],
  "stdout",
  /^(https:\S+)\n/,
);

const main = fileURLToPath(new URL("../dist/cli/main.cjs", import.meta.url));
const words = ["credential-process", ...flags, "--endpoint", endpoint];

export const world = {
  folder,
  main,
  launcher: fileURLToPath(new URL("../dist/cli/cached.sh", import.meta.url)),
  /** Options of the provider. */
  init: { ...options, endpoint },
  /** Command lines. */
  words,
  rsaWords: ["credential-process", ...rsaFlags, "--endpoint", endpoint],
  /** Undefined without SoftHSM or pkcs11js. */
  tokenWords: token && ["credential-process", ...token.flags, "--endpoint", endpoint],
  tlsWords: ["credential-process", ...flags, "--endpoint", tlsEndpoint, "--no-verify-ssl"],
  serveWords: ["serve", ...flags, "--endpoint", endpoint, "--port", "0"],
  /** Environment of every process that is measured. */
  environment: { PATH: process.env.PATH, RA_SIGNER_CACHE_DIR: join(folder, "cache"), ...token?.environment },
  /** Starts `ra-signer serve`; gives the environment variables of container clients. */
  async startServe() {
    const args = [main, ...this.serveWords, "--container-token-file", tokenFile];
    const uri = await start(args, "stderr", /AWS_CONTAINER_CREDENTIALS_FULL_URI=(\S+)\n/);
    return { uri, token: readFileSync(tokenFile, "utf8").trim() };
  },
  stop() {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true, force: true });
  },
};
