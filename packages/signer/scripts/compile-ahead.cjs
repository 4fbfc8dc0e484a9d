// Runs a bundle of the command once, and leaves beside it V8's code of everything that was run.
//
// usage: node compile-ahead.cjs BUNDLE COMMAND…
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const [bundle, ...words] = process.argv.slice(2);
const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
const exit = process.exit.bind(process);
process.exit = (code) => {
  if (code === 0) writeFileSync(`${bundle}.${process.version}-${process.arch}`, script.createCachedData());
  exit(code);
};
process.argv.splice(1, process.argv.length, bundle, ...words);
script.runInThisContext()(require, bundle);
