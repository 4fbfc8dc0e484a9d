import type { ExecFileException } from "node:child_process";
import { promisify } from "node:util";

import type { Environment } from "../config/environment.ts";
import { messageOf } from "../errors.ts";

/** Tells systemd how a service of `Type=notify` is doing. Neither function ever fails. */
export interface SystemdNotifier {
  /** Start-up is over. */
  ready(status: string): Promise<void>;
  /** The service is about to end. */
  stopping(): Promise<void>;
}

const PROGRAM = "systemd-notify";
const TIMEOUT_MS = 5000;

/**
 * What tells systemd by its program `systemd-notify`, since Node.js has no datagram sockets of the Unix kind. Without
 * NOTIFY_SOCKET nothing is done. After one failure, of which `warn` hears, nothing is tried again.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export function createSystemdNotifier(
  { NOTIFY_SOCKET, PATH }: Environment,
  warn: (warning: string) => void,
): SystemdNotifier {
  let silent = !NOTIFY_SOCKET;
  const tell = async (...words: readonly string[]): Promise<void> => {
    if (silent) return;
    const { execFile } = process.getBuiltinModule("node:child_process");
    try {
      await promisify(execFile)(PROGRAM, words, { env: { NOTIFY_SOCKET, PATH }, timeout: TIMEOUT_MS });
    } catch (error) {
      if (silent) return;
      silent = true;
      const reason = messageOf(reasonOf(Object(error)));
      warn(`systemd was not told (${words[0] ?? ""}): ${reason}; use Type=exec without ${PROGRAM}`);
    }
  };
  return {
    ready: (status) => tell("--ready", `--status=${status}`),
    // A variable, since the flag --stopping is younger than many installations.
    stopping: () => tell("STOPPING=1"),
  };
}

function reasonOf({ code, killed, signal, stderr = "" }: Partial<ExecFileException>): string {
  if (code === "ENOENT") return `NOTIFY_SOCKET is set, but ${PROGRAM} is not in PATH`;
  if (killed === true) return `${PROGRAM} did not end within ${TIMEOUT_MS} ms`;
  const said = stderr.trim();
  return `${PROGRAM} failed (${code ?? signal ?? "unknown"})${said === "" ? "" : `: ${said}`}`;
}
