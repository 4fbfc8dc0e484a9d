#!/usr/bin/env node
// Old releases of Node.js must be able to run this file: it says which release is needed before it loads anything.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major >= 24 || (major === 22 && minor >= 22)) {
  import("../dist/demo/main.js");
} else {
  process.stderr.write(
    `demo: needs Node.js 22.22 or 24, this is ${process.versions.node}: install Node.js 24 from https://nodejs.org/\n`,
  );
  process.exitCode = 1;
}
