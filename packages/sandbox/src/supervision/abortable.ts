/**
 * Waits for a promise until `signal` is aborted. After that the work behind the promise continues and its result is
 * ignored, so the caller must be able to end what that work starts.
 *
 * @returns the value of `work`
 * @throws the signal's reason, once it is aborted
 */
export async function abortable<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return await work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    work.catch(() => undefined);
  }
}

/**
 * Starts several parts at the same time. When one fails, the others get an abort.
 *
 * @param start gets the signal for the parts: aborted with `signal`, or when a part fails
 * @returns the values of all parts
 * @throws the first failure, when all parts have ended
 */
export async function together<Parts extends unknown[]>(
  signal: AbortSignal | undefined,
  start: (signal: AbortSignal) => { readonly [Index in keyof Parts]: Promise<Parts[Index]> },
): Promise<Parts> {
  const failure = new AbortController();
  const parts = start(signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]));
  for (const part of parts) part.catch((reason: unknown) => failure.abort(reason));
  await Promise.allSettled(parts);
  failure.signal.throwIfAborted();
  return await Promise.all(parts);
}
