#!/usr/bin/env node
import { messageOf, SignerError } from "../errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { USAGE } from "./usage.ts";
import { writeAll } from "./write-all.ts";

/** Each command is loaded when it is called, for the sake of start-up time. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["credential-process", async () => (await import("./commands/credential-process.ts")).credentialProcess],
  ["cache", async () => (await import("./commands/cache.ts")).cache],
  ["configure", async () => (await import("./commands/configure.ts")).configure],
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

const context: CommandContext = {
  environment: process.env,
  out: (data) => writeAll(1, data),
  note: (line) => writeAll(2, `${line}\n`),
};

async function main([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    context.out(USAGE);
    return 0;
  }
  const load = COMMANDS.get(name);
  if (load === undefined) {
    context.note(`ra-signer: unknown command "${name}"; there are ${[...COMMANDS.keys()].join(", ")}`);
    return 1;
  }
  const command = await load();
  if (words.includes("--help") || words.includes("-h")) {
    context.out(command.help());
    return 0;
  }
  try {
    return await command.run(words, context);
  } catch (error) {
    const usage = error instanceof SignerError && error.code === "ERR_SIGNER_USAGE";
    const hint = usage ? `; see ra-signer ${name} --help` : "";
    context.note(`ra-signer: ${messageOf(error)}${hint}`);
    return usage ? command.usageExitCode : 1;
  }
}

// Leaving at once, with all output written, spares the time that an orderly end of the process takes.
void main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // A reader that closed its end gets no stack trace; there may be nobody left to tell.
    try {
      context.note(`ra-signer: ${messageOf(error)}`);
    } finally {
      process.exit(1);
    }
  },
);
