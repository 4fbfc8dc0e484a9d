#!/usr/bin/env node
// Old releases of Node.js must be able to run this file: it says which release is needed before it loads anything.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major >= 24 || (major === 22 && minor >= 22)) {
  import("../dist/drills/main.js");
} else {
  process.stderr.write(
    `drill: this is Node.js ${process.versions.node}; install Node.js 22.22 or later of that line, or 24 or later\n`,
  );
  process.exitCode = 1;
}
