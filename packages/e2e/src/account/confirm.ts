import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import { StoryError } from "../story/programs.ts";

export interface ConfirmInit {
  readonly question: string;
  /** Where a person types: usually `process.stdin`. */
  readonly input: Readable & { readonly isTTY?: boolean | undefined };
  /** Where a person reads: usually `process.stderr`. */
  readonly output: Writable;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks once. Only `yes` is a yes.
 *
 * @throws {StoryError} after any other answer, and when there is no terminal to ask on
 */
export async function confirm({ question, input, output, signal }: ConfirmInit): Promise<void> {
  if (input.isTTY !== true) {
    throw new StoryError(
      "nothing was created: there is no terminal to ask on. Give --yes to create without asking",
    );
  }
  // The terminal stays as it is, so that Ctrl-C interrupts this process as it does at any other time.
  const terminal = createInterface({ input, output, terminal: false });
  try {
    const closed = new Promise<string>((resolve) => terminal.once("close", () => resolve("")));
    const asked = terminal.question(question, { signal });
    // The end of the input (Ctrl-D) leaves the question open.
    const answer = await Promise.race([asked, closed]);
    if (answer.trim().toLowerCase() !== "yes")
      throw new StoryError("nothing was created: the answer was not yes");
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
