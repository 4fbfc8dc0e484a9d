#!/usr/bin/env node
// Committed, so that npm links the command in a fresh clone, before anything is built. Syntax that any Node.js knows.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major >= 24 || (major === 22 && minor >= 22)) {
  const { createRequire } = process.getBuiltinModule("node:module");
  createRequire(import.meta.url)("../dist/cli/main.cjs");
} else {
  process.stderr.write(
    `ra-pki: this is Node.js ${process.versions.node}; install Node.js 22.22 or later of that line, or 24 or later\n`,
  );
  process.exitCode = 1;
}
