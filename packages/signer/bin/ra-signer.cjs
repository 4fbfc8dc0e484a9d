#!/usr/bin/env node
// Committed, so that npm links the command in a fresh clone, before anything is built.
require("../dist/cli/main.cjs");
