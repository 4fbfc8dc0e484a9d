#!/usr/bin/env node
"use strict";
// Checks the version of Node.js before anything else is loaded, in JavaScript that old ones can parse.
var version = process.versions.node.split(".").map(Number);
if (version[0] > 23 || (version[0] === 22 && version[1] >= 22)) {
  if (process.argv[2] === "credential-process") runCredentialProcess(__dirname + "/credential-process.cjs");
  // oxlint-disable-next-line import/no-unassigned-import -- the command runs when it is loaded
  else require("./commands.cjs");
} else {
  console.error(
    "ra-signer: this is Node.js " +
      process.versions.node +
      "; install Node.js 22.22 or later of that line, or 24 or later",
  );
  process.exitCode = 1;
}

/**
 * Runs the script with the code that V8 compiled during the build, if it is there and fits this Node.js; else V8 compiles
 * the script. Nothing is written here. The code saves 5 % of a call with an https endpoint (52 ms of processor time and
 * not 55 ms, bare Node.js 25 ms).
 */
function runCredentialProcess(filename) {
  var readFileSync = require("node:fs").readFileSync;
  var cachedData;
  try {
    cachedData = readFileSync(
      filename + "." + process.version + "-" + process.platform + "-" + process.arch + "-<hash>",
    );
    // oxlint-disable-next-line no-unused-vars -- old versions cannot parse a catch without a name
  } catch (_error) {
    // An installed npm package, or another Node.js than that of the build.
  }
  var Script = require("node:vm").Script;
  var script = new Script(readFileSync(filename, "latin1"), { filename: filename, cachedData: cachedData });
  script.runInThisContext()(require, filename);
}
