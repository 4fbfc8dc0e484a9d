/** How many UTF-16 units the keys of a cache may have together, when its owner names no limit. */
const DEFAULT_MAX_LENGTH = 4 * 1024 * 1024;

/**
 * A map with text as keys that drops its oldest entries when all keys together become too long. Values are made from
 * their keys, so that the length of the keys bounds the memory.
 */
export class BoundedCache<Value> {
  readonly #values = new Map<string, Value>();
  readonly #maxLength: number;
  #length = 0;

  /** @param maxLength how many UTF-16 units the keys may have together @default 4 Mi */
  constructor(maxLength = DEFAULT_MAX_LENGTH) {
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

/**
 * Wraps a pure function so that it computes the results for its last arguments only once.
 *
 * @param maxLength how many UTF-16 units the remembered arguments may have together @default 4 Mi
 */
export function remember<Result>(
  make: (argument: string) => Result,
  maxLength?: number,
): (argument: string) => Result {
  const results = new BoundedCache<Result>(maxLength);
  return (argument) => {
    const known = results.get(argument);
    if (known !== undefined) return known;
    const result = make(argument);
    results.set(argument, result);
    return result;
  };
}
