/** Shows on stderr how far a long command is: one line that changes on a terminal, else a line for each tenth. */
export class Progress {
  readonly #total: number;
  #done = 0;
  #shown = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** One more is done. */
  step(): void {
    this.#done += 1;
    const text = `issued ${this.#done} of ${this.#total}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${text}`);
    } else if (this.#done * 10 >= (this.#shown + 1) * this.#total) {
      this.#shown = Math.floor((this.#done * 10) / this.#total);
      process.stderr.write(`${text}\n`);
    }
  }

  /** Ends the line on a terminal. */
  end(): void {
    if (process.stderr.isTTY && this.#done > 0) process.stderr.write("\n");
  }
}
