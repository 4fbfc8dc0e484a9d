import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publishedPackages } from "./published-packages.mjs";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const SERVER = fileURLToPath(new URL("registry-server.mjs", import.meta.url));
const PNPM = join(dirname(require.resolve("pnpm")), "bin", "pnpm.cjs");

/** What `npm run` tells its scripts, and other programs of npm must not take as theirs. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(?:registry|cache|userconfig)$)/i.test(name),
  ),
);

/**
 * Starts a registry on loopback and publishes all packages to it.
 *
 * @param {string} folder where it keeps its files; the caller removes it
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>} its URL, and how it ends
 */
export async function startRegistry(folder) {
  const server = spawn(process.execPath, [SERVER, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const stop = async () => {
    server.stdin.end();
    if (server.exitCode === null) await once(server, "exit");
  };
  const [line] = await Promise.race([
    once(server.stdout, "data"),
    once(server, "exit").then(([code]) =>
      Promise.reject(new Error(`the registry ended with exit code ${code}`)),
    ),
  ]);
  const url = String(line).trim();
  try {
    // npm publishes nothing without a token. The registry lets everybody publish.
    const userconfig = join(folder, "npmrc");
    writeFileSync(userconfig, `${url.replace("http:", "")}/:_authToken=nobody\n`, { mode: 0o600 });
    const flags = ["--registry", url, "--userconfig", userconfig, "--provenance=false", "--silent"];
    await Promise.all(
      publishedPackages().map(({ path }) =>
        run("npm", ["publish", ...flags], { cwd: path, env: environment }),
      ),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/**
 * Makes a project and installs packages into it, those of this repository from the given registry and all others from the
 * one that npm is configured with.
 *
 * @param {{ folder: string, registry: string, packages: readonly string[], manager?: "npm" | "pnpm", manifest?: object }} options
 *   `folder` is made if it is missing
 */
export async function installProject({ folder, registry, packages, manager = "npm", manifest = {} }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".npmrc"), `@roles-anywhere:registry=${registry}/\nfund=false\naudit=false\n`);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, ...manifest }));
  const [command, ...args] =
    manager === "npm"
      ? ["npm", "install", "--loglevel", "error", ...packages]
      : [process.execPath, PNPM, "add", "--silent", "--ignore-workspace", ...packages];
  await run(command, packages.length === 0 ? ["install", "--loglevel", "error"] : args, {
    cwd: folder,
    env: environment,
  });
}

/**
 * What npm installed into a project.
 *
 * @param {string} folder the project
 * @returns {{ packages: number, bytes: number }} how many packages, and the sum of the sizes of their files
 */
export function installedSize(folder) {
  const modules = join(folder, "node_modules");
  const { packages } = JSON.parse(readFileSync(join(modules, ".package-lock.json"), "utf8"));
  return { packages: Object.keys(packages).length, bytes: folderSize(modules) };
}

/** @param {string} folder */
export function folderSize(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
