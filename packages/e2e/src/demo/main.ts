#!/usr/bin/env node
import { runDemo } from "./run-demo.ts";

// A container that is still being started would keep the process alive after an interruption.
process.exit(await runDemo(process.argv, process.env));
