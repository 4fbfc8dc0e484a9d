import { quoted, SignerError } from "../errors.ts";
import type { Command } from "./command.ts";
import { runCommand, runProcess } from "./run.ts";
import { USAGE } from "./usage.ts";

/** Each command is loaded when it is called, for the sake of start-up time. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["cache", async () => (await import("./commands/cache.ts")).cache],
  ["configure", async () => (await import("./commands/configure.ts")).configure],
  ["credential-process", async () => (await import("./commands/credential-process.ts")).credentialProcess],
  ["doctor", async () => (await import("./commands/doctor.ts")).doctor],
  [
    "read-certificate-data",
    async () => (await import("./commands/read-certificate-data.ts")).readCertificateData,
  ],
  ["serve", async () => (await import("./commands/serve.ts")).serve],
  ["sign-string", async () => (await import("./commands/sign-string.ts")).signString],
  ["update", async () => (await import("./commands/update.ts")).update],
  ["version", async () => (await import("./commands/version.ts")).version],
]);

runProcess(async (context) => {
  const [name, ...words] = process.argv.slice(2);
  if (name !== undefined && name !== "help" && name !== "--help" && name !== "-h") {
    return runCommand(name, await loadCommand(name), words, context);
  }
  const [about] = words;
  context.out(about === undefined ? USAGE : (await loadCommand(about)).help());
  return 0;
});

function loadCommand(name: string): Promise<Command> {
  const load = COMMANDS.get(name);
  if (load !== undefined) return load();
  const names = [...COMMANDS.keys()].join(", ");
  throw new SignerError("ERR_SIGNER_USAGE", `unknown command ${quoted(name)}; there are ${names}`);
}
