/** Reports what happens while the story runs. */
export interface Reporter {
  /** A new part of the story begins. */
  chapter(title: string): void;
  /** Something takes time. */
  progress(line: string): void;
  /** A command was run, as a person would type it. */
  command(line: string): void;
  /** What the command printed, or its effect. */
  result(text: string): void;
}

export interface TranscriptInit {
  write: (text: string) => void;
  /** Whether the reader's terminal shows colours. */
  colour: boolean;
}

/** Writes the story as a terminal session: chapters, `$` commands and what they printed, each line indented. */
export function createTranscript(init: TranscriptInit): Reporter {
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

/** Reports steps and commands on stderr, so that a person who waits for a test sees which step runs. */
export const progressReporter: Reporter = {
  chapter: (title) => void process.stderr.write(`${title}\n`),
  progress: (line) => void process.stderr.write(`  ${line}\n`),
  command: (line) => void process.stderr.write(`  $ ${line}\n`),
  result: () => undefined,
};
