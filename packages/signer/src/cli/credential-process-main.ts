// The command that SDKs wait for, in a file of its own: what the other commands need is not even read.
import { credentialProcess } from "./commands/credential-process.ts";
import { runCommand, runProcess } from "./run.ts";

runProcess((context) => runCommand("credential-process", credentialProcess, process.argv.slice(3), context));
