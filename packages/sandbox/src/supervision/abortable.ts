/**
 * Makes the wait for a promise end when `signal` is aborted. The work behind the promise goes on and its outcome is
 * ignored, so whoever aborts must be able to end what the work starts.
 *
 * @returns what `work` settles with
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
