/**
 * A signal that is aborted by SIGINT or SIGTERM, so that a service can finish what it is doing. The second one ends the
 * process at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
