/**
 * A map with text as keys that drops its oldest entries when all keys together become too long. Values are made from
 * their keys, so that the length of the keys bounds the memory.
 */
export class BoundedCache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #maxLength: number;
  #length = 0;

  /** @param maxLength how many UTF-16 units the keys may have together */
  constructor(maxLength = 4 * 1024 * 1024) {
    this.#maxLength = maxLength;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    if (this.#values.has(key) || key.length > this.#maxLength) return;
    this.#values.set(key, value);
    this.#length += key.length;
    for (const oldest of this.#values.keys()) {
      if (this.#length <= this.#maxLength) return;
      this.#values.delete(oldest);
      this.#length -= oldest.length;
    }
  }
}

/** Wraps a pure function so that it computes the results for its last arguments only once. */
export function remember<Result>(make: (argument: string) => Result): (argument: string) => Result {
  const results = new BoundedCache<Result>();
  return (argument) => {
    const result = results.get(argument) ?? make(argument);
    results.set(argument, result);
    return result;
  };
}
