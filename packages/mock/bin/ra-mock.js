#!/usr/bin/env node
// Committed, so that npm links the command in a fresh clone, before anything is built.
// Older versions of Node.js read this file too: it keeps to what Node.js 12 understands and imports nothing at the top.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major >= 24 || (major === 22 && minor >= 22)) {
  import("../dist/cli/main.js");
} else {
  console.error(
    `ra-mock: this is Node.js ${process.versions.node}; install Node.js 22.22 or later of that line, or 24 or later`,
  );
  process.exitCode = 1;
}
