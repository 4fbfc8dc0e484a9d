// The command that an SDK waits for, without the cache: what it needs and nothing else.
import { credentialProcessCommand } from "./credential-process-command.ts";
import { credentialProcessJson } from "./credential-process-json.ts";
import { fetchCredentials } from "./fetch-credentials.ts";
import { runCommand, runProcess } from "./run.ts";

const command = credentialProcessCommand(async (flags, _words, context) =>
  credentialProcessJson(await fetchCredentials(flags, context)),
);

runProcess((context) => runCommand("credential-process", command, process.argv.slice(3), context));
