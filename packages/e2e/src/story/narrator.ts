/** Who is told what happens while the story runs. */
export interface Narrator {
  /** A new part of the story begins. */
  chapter(title: string): void;
  /** Something takes time. */
  progress(line: string): void;
  /** A command was run, as a person would type it. */
  command(line: string): void;
  /** What it said, or what came of it. */
  result(text: string): void;
}
