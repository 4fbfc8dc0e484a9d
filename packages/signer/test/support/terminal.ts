import { spawn, spawnSync } from "node:child_process";

import { MAIN } from "./run-cli.ts";

/** Whether util-linux's `script` is here, which gives a command a terminal. */
export const hasTerminal = /util-linux/.test(
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "",
);

/** What a person saw, and how it ended. */
export interface TerminalResult {
  /** All that the terminal showed. */
  readonly screen: string;
  readonly code: number | null;
}

/**
 * Runs the built `ra-signer` in a terminal and types each answer when its question is there.
 *
 * @param answers Questions, each with what is typed then.
 * @param redirection What a shell appends to the command: `2>errors`.
 * @param environment Further variables.
 */
export async function runInTerminal(
  args: readonly string[],
  answers: readonly (readonly [question: string, typed: string])[],
  redirection = "",
  environment: Readonly<Record<string, string>> = {},
): Promise<TerminalResult> {
  const words = [process.execPath, MAIN, ...args].map(
    (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  const child = spawn("script", ["-qec", `${words.join(" ")} ${redirection}`, "/dev/null"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", SHELL: "/bin/sh", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.on("error", () => {});
  let screen = "";
  let answered = 0;
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (shown: string) => {
    screen += shown;
    const [question, typed] = answers[answered] ?? [];
    if (question === undefined || !screen.slice(seen).includes(question)) return;
    seen = screen.length;
    answered += 1;
    child.stdin.write(typed ?? "");
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { screen, code };
}
