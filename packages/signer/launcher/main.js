#!/usr/bin/env node
"use strict";
// Starts the command; where the build ran on this very Node.js, from the code that it compiled ahead.
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");

const filename = `${__dirname}/<bundle>`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
} catch {
  // Another Node.js compiles as it goes.
}
new Script(readFileSync(filename, "latin1"), { filename, cachedData }).runInThisContext()(
  require,
  __filename,
);
