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
