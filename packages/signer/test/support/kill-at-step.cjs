// Loaded with --require into a process that is to die at a given step of its work on files.
//
//   KILL_AT=3:before   dies instead of the third step
//   KILL_AT=3:within   dies with half of what the third step writes in the file
//   KILL_AT=3:after    dies right after it
//   KILL_AT=count      lives, and writes the names of its steps into the file KILL_STEPS
//
// KILL_ALSO names further functions that are steps, with commas between them.
"use strict";
const fs = require("node:fs");

const STEPS = ["mkdirSync", "writeFileSync", "linkSync", "renameSync", "rmSync", "unlinkSync"].concat(
  (process.env.KILL_ALSO ?? "").split(",").filter((name) => name !== ""),
);
const [chosen, when] = (process.env.KILL_AT ?? "").split(":");
const names = [];
let inside = false;

function die() {
  process.kill(process.pid, "SIGKILL");
}

for (const name of STEPS) {
  const original = fs[name];
  fs[name] = (...words) => {
    // Some are made of others, and output is no work on files.
    if (inside || (name === "writeSync" && words[0] <= 2)) return original(...words);
    inside = true;
    try {
      return step(name, original, words);
    } finally {
      inside = false;
    }
  };
}

function step(name, original, words) {
  names.push(name);
  if (chosen === "count") fs.appendFileSync(process.env.KILL_STEPS, `${name}\n`);
  const isChosen = names.length === Number(chosen);
  if (isChosen && when === "before") die();
  if (isChosen && when === "within") {
    if (name === "writeSync") {
      const [file, bytes, offset, length, position] = words;
      original(file, bytes, offset, Math.floor(length / 2), position);
    } else {
      const [path, text, options] = words;
      original(path, text.slice(0, text.length / 2), options);
    }
    die();
  }
  const result = original(...words);
  if (isChosen && when === "after") die();
  return result;
}
