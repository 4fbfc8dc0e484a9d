/** Reports what happens while the story runs. */
export interface Reporter {
  /** A new part of the story begins. */
  chapter(title: string): void;
  /** Something takes time. */
  progress(line: string): void;
  /** What happens at this moment. A terminal shows it until the next line comes; elsewhere it is left out. */
  status(line: string): void;
  /** A command was run, as a person would type it. */
  command(line: string): void;
  /** What the command printed, or its effect. */
  result(text: string): void;
}

/** Moves the cursor to the beginning of its line, and erases the line. */
const ERASE_LINE = "\r\u001b[2K";

export interface TranscriptInit {
  write: (text: string) => void;
  /** Whether the reader's terminal shows colours. */
  colour: boolean;
  /** How many columns the reader's terminal has; not given when the reader is a file or a pipe. */
  columns?: number | undefined;
}

/** Writes the story as a terminal session: chapters, `$` commands and what they printed, each line indented. */
export function createTranscript(init: TranscriptInit): Reporter {
  const paint = (code: number, text: string): string =>
    init.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  let hasStatus = false;
  const write = (text: string): void => {
    init.write(hasStatus ? `${ERASE_LINE}${text}` : text);
    hasStatus = false;
  };
  const block = (text: string, code?: number): void => {
    for (const line of text.trimEnd().split("\n")) {
      write(`  ${code === undefined ? line : paint(code, line)}\n`);
    }
  };
  return {
    chapter: (title) => write(`\n${paint(1, title)}\n`),
    status(line) {
      if (init.columns === undefined) return;
      // A longer line would break, and only its last part could be erased.
      write(`  ${paint(2, line.slice(0, Math.max(0, init.columns - 3)))}`);
      hasStatus = true;
    },
    progress: (line) => block(line, 2),
    command: (line) => block(`$ ${line}`, 36),
    result: (text) => block(text),
  };
}

/** Reports steps and commands on stderr, so that a person who waits for a test sees which step runs. */
export const progressReporter: Reporter = {
  chapter: (title) => void process.stderr.write(`${title}\n`),
  progress: (line) => void process.stderr.write(`  ${line}\n`),
  status: () => undefined,
  command: (line) => void process.stderr.write(`  $ ${line}\n`),
  result: () => undefined,
};
