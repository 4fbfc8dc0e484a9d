// Runs a script of the command once, and leaves beside it V8's code of everything that was run.
//
// usage: node compile-ahead.cjs SCRIPT COMMAND…
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [file, ...words] = process.argv.slice(2);
const script = new Script(readFileSync(file, "latin1"), { filename: file });
const exit = process.exit.bind(process);
process.exit = (code) => {
  if (code === 0) writeFileSync(`${file}.${process.version}-${process.arch}`, script.createCachedData());
  exit(code);
};
process.argv.splice(1, process.argv.length, file, ...words);
script.runInThisContext()(require, file);
