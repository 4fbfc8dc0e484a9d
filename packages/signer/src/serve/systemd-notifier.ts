import type { ExecFileException } from "node:child_process";

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
 * What tells systemd by its program `systemd-notify`, since Node.js has no datagram sockets of the Unix kind. The program
 * gets no other variables than the two it needs.
 *
 * @param environment NOTIFY_SOCKET, without which nothing is done, and PATH, in which the program is searched.
 * @param warn Receives one line when systemd could not be told; after that nothing is tried again.
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
export function createSystemdNotifier(
  environment: { readonly NOTIFY_SOCKET?: string | undefined; readonly PATH?: string | undefined },
  warn: (warning: string) => void,
): SystemdNotifier {
  const { NOTIFY_SOCKET: socket, PATH: path } = environment;
  let silent = socket === undefined || socket === "";
  const tell = async (...words: readonly string[]): Promise<void> => {
    if (silent) return;
    try {
      await run(words, { NOTIFY_SOCKET: socket, ...(path === undefined ? {} : { PATH: path }) });
    } catch (error) {
      if (silent) return;
      silent = true;
      warn(`systemd was not told (${words[0] ?? ""}): ${messageOf(error)}; use Type=exec without ${PROGRAM}`);
    }
  };
  return {
    ready: (status) => tell("--ready", `--status=${status}`),
    // A variable, since the flag --stopping is younger than many installations.
    stopping: () => tell("STOPPING=1"),
  };
}

function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { execFile } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve, reject) => {
    execFile(PROGRAM, words, { env, timeout: TIMEOUT_MS }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(reasonOf(error, stderr.trim()), { cause: error }));
    });
  });
}

function reasonOf(error: ExecFileException, stderr: string): string {
  if (error.code === "ENOENT") return `NOTIFY_SOCKET is set, but ${PROGRAM} is not in PATH`;
  if (error.killed === true) return `${PROGRAM} did not end within ${TIMEOUT_MS} ms`;
  return `${PROGRAM} failed (${error.code ?? error.signal ?? "unknown"})${stderr === "" ? "" : `: ${stderr}`}`;
}
