#!/usr/bin/env node
"use strict";
// Starts a command: credential-process without the cache from a file of its own, since an SDK waits for it. V8's code of
// what was run is kept beside the script, for the next call on the same Node.js: the build makes the first one.
const { closeSync, openSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [command, ...flags] = process.argv.slice(2);
const isFresh = command === "credential-process" && !flags.some((flag) => flag.startsWith("--cache"));
const filename = `${__dirname}/${isFresh ? "<credential-process>" : "<commands>"}`;
const codeFile = `${filename}.${process.version}-${process.platform}-${process.arch}`;
let cachedData;
try {
  cachedData = readFileSync(codeFile);
} catch {
  const asksForHelp = flags.some((flag) => flag === "--help" || flag === "-h");
  if (command === "credential-process" && !asksForHelp) process.once("exit", keepCode);
}
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
script.runInThisContext()(require, __filename);

/** In one step, and only where this user may write; else every call compiles as it goes. */
function keepCode(exitCode) {
  if (exitCode !== 0) return;
  const temporary = `${codeFile}.${process.pid}`;
  try {
    const file = openSync(temporary, "wx");
    writeFileSync(file, script.createCachedData());
    closeSync(file);
    renameSync(temporary, codeFile);
  } catch {
    // The next call tries again.
  }
}
