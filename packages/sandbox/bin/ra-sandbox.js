#!/usr/bin/env node
// Committed, so that npm links the command in a fresh clone, before anything is built. Old releases of Node.js must be
// able to run this file: it says which release is needed before it loads anything.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major >= 24 || (major === 22 && minor >= 22)) {
  import("../dist/cli/main.js");
} else {
  process.stderr.write(
    `ra-sandbox: needs Node.js 22.22 or 24, this is ${process.versions.node}: install Node.js 24 from https://nodejs.org/\n`,
  );
  process.exitCode = 1;
}
