#!/usr/bin/env node
"use strict";
// Starts a command: credential-process without the cache from a file of its own, since an SDK waits for it. If the build ran
// on this very Node.js, the code that it compiled ahead is used.
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [command, ...flags] = process.argv.slice(2);
const isFresh = command === "credential-process" && !flags.some((flag) => flag.startsWith("--cache"));
const filename = `${__dirname}/${isFresh ? "<credential-process>" : "<commands>"}`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
} catch {
  // Another Node.js compiles as it goes.
}
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
script.runInThisContext()(require, __filename);
