/**
 * Wraps a pure function so that it works out the last few arguments once only.
 *
 * @param capacity how many results to keep; the oldest is forgotten first
 */
export function remember<Result>(
  capacity: number,
  make: (argument: string) => Result,
): (argument: string) => Result {
  const results = new Map<string, Result>();
  return (argument) => {
    const known = results.get(argument);
    if (known !== undefined) return known;
    const result = make(argument);
    if (results.size >= capacity) {
      const [oldest] = results.keys();
      if (oldest !== undefined) results.delete(oldest);
    }
    results.set(argument, result);
    return result;
  };
}
