/** What a function returns, or the fallback when it throws: for readers that say "malformed" by throwing, and no more. */
export function valueOr<Value, Fallback>(fallback: Fallback, read: () => Value): Value | Fallback {
  try {
    return read();
  } catch {
    return fallback;
  }
}
