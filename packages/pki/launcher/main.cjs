"use strict";
// Runs the script that has the command, with the code that V8 compiled during the build, if it is there and fits this
// Node.js; else V8 compiles the script. Nothing is written here.
const { readFileSync } = require("node:fs");
const { Script } = require("node:vm");

// oxlint-disable-next-line import/no-unassigned-import -- begins to make the key that the command needs
require("./usual-key.cjs");
const name = ["init", "issue"].includes(process.argv[2]) ? "init-and-issue" : "commands";
const filename = `${__dirname}/${name}.cjs`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.platform}-${process.arch}-<hash>`);
} catch {
  // An installed npm package, or another Node.js than that of the build.
}
new Script(readFileSync(filename, "latin1"), { filename, cachedData }).runInThisContext()(require, filename);
