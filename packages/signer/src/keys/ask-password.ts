import { isatty } from "node:tty";

import { writeAll } from "@roles-anywhere/files";

import { SignerError } from "../errors.ts";

const CONTROL_C = "\u0003";
const CONTROL_D = "\u0004";
const CONTROL_U = "\u0015";
const BACKSPACES: ReadonlySet<string> = new Set(["\b", "\u007f"]);

/**
 * Asks on stderr for a password, without showing what is typed.
 *
 * @param what Whose password it is, as the question says it.
 * @param secret What the question calls it.
 * @returns Undefined when stdin or stderr is no terminal, so that nobody is there to answer, or nothing was typed.
 * @throws {SignerError} ERR_SIGNER_ABORTED after Ctrl-C, which also reaches the process as SIGINT.
 */
export async function askPassword(
  what: string,
  secret: "Password" | "PIN" = "Password",
): Promise<string | undefined> {
  if (!isatty(0) || !isatty(2)) return undefined;
  const { stdin } = process;
  // First of all, so that nothing that is typed after the question shows.
  stdin.setRawMode(true);
  writeAll(2, `${secret} of ${what}: `);
  const typed = await readLine(stdin);
  stdin.setRawMode(false);
  stdin.pause();
  writeAll(2, "\n");
  if (typed === CONTROL_C) {
    // As if the terminal had sent it: without a handler the process ends here, as a shell expects.
    process.kill(process.pid, "SIGINT");
    throw new SignerError(
      "ERR_SIGNER_ABORTED",
      `no ${secret === "PIN" ? secret : "password"} of ${what} was given`,
    );
  }
  return typed === "" ? undefined : typed;
}

/** What was typed up to Enter or Ctrl-D; only Ctrl-C itself when it was typed. */
function readLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve) => {
    let line: readonly string[] = [];
    const finish = (result: string): void => {
      stdin.off("data", read).off("end", end);
      resolve(result);
    };
    const end = (): void => finish("");
    const read = (chunk: string): void => {
      for (const character of chunk) {
        if (character === CONTROL_C) return finish(CONTROL_C);
        if (character === "\r" || character === "\n" || character === CONTROL_D) return finish(line.join(""));
        if (character === CONTROL_U) line = [];
        else if (BACKSPACES.has(character)) line = line.slice(0, -1);
        else line = [...line, character];
      }
    };
    stdin.setEncoding("utf8").on("data", read).on("end", end).resume();
  });
}
