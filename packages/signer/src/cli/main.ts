import { messageOf } from "../errors.ts";
import { credentialProcess } from "./commands/credential-process.ts";
import type { Command, CommandContext } from "./command.ts";
import { writeAll } from "./write-all.ts";

const context: CommandContext = {
  environment: process.env,
  out: (data) => writeAll(1, data),
  note: (line) => writeAll(2, `${line}\n`),
};

async function main([name, ...words]: readonly string[]): Promise<number> {
  // An SDK waits for this one; the others, in a file of their own, may take a moment longer.
  if (name === "credential-process") return runCommand(name, credentialProcess, words);
  const { loadCommand, USAGE } = await import("./other-commands.ts");
  if (name !== undefined && name !== "help" && name !== "--help" && name !== "-h") {
    return runCommand(name, await loadCommand(name), words);
  }
  const [about] = words;
  if (about === undefined) context.out(USAGE);
  else context.out((about === "credential-process" ? credentialProcess : await loadCommand(about)).help());
  return 0;
}

async function runCommand(name: string, command: Command, words: readonly string[]): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) {
    context.out(command.help());
    return 0;
  }
  try {
    return await command.run(words, context);
  } catch (error) {
    const usage = error instanceof Error && "code" in error && error.code === "ERR_SIGNER_USAGE";
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
