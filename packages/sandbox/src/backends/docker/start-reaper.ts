import { startSupervised, type Supervised } from "../../supervision/start-supervised.ts";

/** Label that every container of a sandbox carries; its value is the sandbox's id. */
export const SANDBOX_LABEL = "dev.roles-anywhere-kit.sandbox";

/**
 * Starts a process that does nothing until this one is gone, and then removes the containers and the network of the
 * sandbox. It makes a killed run leave nothing behind without a privileged helper container.
 *
 * The shell waits for the TERM that its keeper sends when this process ends.
 */
export function startReaper(
  sandboxId: string,
  networkName: string,
  environment: Record<string, string>,
): Supervised {
  const script = `
    # Nobody reads what is printed when this process is gone, and writing to a closed pipe would end the shell: it
    # reports the death of its sleep before it runs the trap.
    exec >/dev/null 2>&1
    clean() {
      containers=$(docker ps --all --quiet --filter "label=${SANDBOX_LABEL}=${sandboxId}")
      [ -z "$containers" ] || docker rm --force --volumes $containers
      docker network rm "${networkName}"
      exit 0
    }
    trap clean TERM
    # In the background and waited for: a shell in the middle of a foreground command does not run its traps.
    while :; do sleep 3600 & wait $!; done`;
  return startSupervised({
    command: "/bin/sh",
    arguments: ["-c", script],
    environment,
    onOutput: () => undefined,
    graceMs: 60_000,
  });
}
