import type { Narrator } from "../story/narrator.ts";

export interface TranscriptInit {
  write: (text: string) => void;
  /** Whether the reader's terminal shows colours. */
  colour: boolean;
}

/** Writes the story as a terminal session: chapters, `$` commands and what they said, each line indented. */
export function createTranscript(init: TranscriptInit): Narrator {
  const paint = (code: number, text: string): string =>
    init.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const block = (text: string, code?: number): void => {
    for (const line of text.trimEnd().split("\n")) {
      init.write(`  ${code === undefined ? line : paint(code, line)}\n`);
    }
  };
  return {
    chapter: (title) => init.write(`\n${paint(1, title)}\n`),
    progress: (line) => block(line, 2),
    command: (line) => block(`$ ${line}`, 36),
    result: (text) => block(text),
  };
}
