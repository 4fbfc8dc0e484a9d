/** The outside world of a command; tests give their own. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes data to stdout, as is. */
  readonly out: (data: string | Uint8Array) => void;
  /** Writes a line for people to stderr. */
  readonly note: (line: string) => void;
  /** Clock, timer and end of commands that run until they are stopped. @default the system's, SIGINT and SIGTERM */
  readonly time?: {
    readonly now: () => Date;
    readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  };
}

/** What a command module offers. */
export interface Command {
  /** Exit code for wrong usage: 1 where the helper has the same command, else 2. */
  readonly usageExitCode: 1 | 2;
  /** Text of `--help`. */
  help(): string;
  /**
   * Runs the command.
   *
   * @returns Exit code.
   */
  run(words: readonly string[], context: CommandContext): Promise<number>;
}
