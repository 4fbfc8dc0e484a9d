// The script of the two commands that every setup runs. Without the others it is read and compiled in half the time.
import { addInit } from "./commands/init.ts";
import { addIssue } from "./commands/issue.ts";
import { run } from "./run.ts";

run(
  new Map([
    ["init", addInit],
    ["issue", addIssue],
  ]),
);
