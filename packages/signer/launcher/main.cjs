#!/usr/bin/env node
"use strict";
// Checks the version of Node.js before anything else is loaded, in JavaScript that old ones can parse.
var version = process.versions.node.split(".").map(Number);
if (version[0] > 23 || (version[0] === 22 && version[1] >= 22)) {
  // oxlint-disable-next-line import/no-dynamic-require -- the command runs when it is loaded
  require(process.argv[2] === "credential-process" ? "./credential-process.cjs" : "./commands.cjs");
} else {
  console.error(
    "ra-signer: this is Node.js " +
      process.versions.node +
      "; install Node.js 22.22 or later of that line, or 24 or later",
  );
  process.exitCode = 1;
}
