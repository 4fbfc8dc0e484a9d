// Runs the script of a command as its launcher does, and keeps V8's code of all that has run so far. The script gives a
// function of `require` and `__filename`. The build of ra-pki calls this as well.
//
// usage: node keep-code.cjs SCRIPT HASH ARGUMENTS…
"use strict";
const { chmodSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { Script } = require("node:vm");

const [filename, hash] = process.argv.splice(2, 2);
const codeFile = `${filename}.${process.version}-${process.platform}-${process.arch}-${hash}`;
const cachedData = existsSync(codeFile) ? readFileSync(codeFile) : undefined;
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData });
process.once("exit", (exitCode) => {
  if (exitCode !== 0) return;
  writeFileSync(codeFile, script.createCachedData());
  // Whatever the umask: nobody else may change code that others run.
  chmodSync(codeFile, 0o644);
});
script.runInThisContext()(createRequire(filename), filename);
