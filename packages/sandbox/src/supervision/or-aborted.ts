/**
 * Lets an abort end the wait for work that cannot be interrupted itself. The work goes on, and what becomes of it is
 * ignored: whoever aborts must be able to end what it starts.
 *
 * @returns what `work` settles with
 * @throws the signal's reason, once it is aborted
 */
export async function orAborted<Result>(
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
