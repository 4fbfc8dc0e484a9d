import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { SandboxError } from "./errors.ts";

/** Connects directly. With NODE_USE_ENV_PROXY=1 Node's global agent and `fetch` use the proxy even for loopback. */
const DIRECT_AGENT = new Agent({ keepAlive: false });

/** A whole HTTP response. */
export interface DirectResponse {
  status: number;
  body: string;
}

/**
 * Sends a GET request without a proxy, whatever the environment says. Use it for servers on this machine and in the sandbox.
 *
 * @example
 * const { status, body } = await getDirectly(`${sandbox.rolesAnywhereEndpoint}/_mock/health`);
 *
 * @param url starts with `http:`
 * @throws {Error} when the connection fails or `signal` is aborted
 */
export function getDirectly(url: string, signal?: AbortSignal): Promise<DirectResponse> {
  return new Promise((resolve, reject) => {
    get(url, { agent: DIRECT_AGENT, signal }, (response) => {
      let body = "";
      response
        .setEncoding("utf8")
        .on("data", (chunk: string) => (body += chunk))
        .on("error", reject)
        .on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    }).on("error", reject);
  });
}

export interface WaitForAnswerInit {
  url: string;
  /** Name of the program at the URL, for messages: "LocalStack". */
  name: string;
  /** In milliseconds. */
  timeoutMs: number;
  /** Returns why the program behind the URL has ended, which ends the wait; undefined while the program runs. */
  died?: (() => string | undefined) | undefined;
  logDirectory: string;
  signal?: AbortSignal | undefined;
  /** In milliseconds. @default 100 */
  intervalMs?: number | undefined;
}

/**
 * Waits until `url` answers 2xx.
 *
 * @returns the body of the response
 * @throws {SandboxError} ERR_SANDBOX_START_FAILED when the program died, ERR_SANDBOX_TIMEOUT when it did not answer in time
 */
export async function waitForAnswer(init: WaitForAnswerInit): Promise<string> {
  const { name, url, logDirectory } = init;
  const deadline = Date.now() + init.timeoutMs;
  const signals = init.signal === undefined ? [] : [init.signal];
  let last = "no answer yet";
  while (Date.now() < deadline) {
    init.signal?.throwIfAborted();
    const death = init.died?.();
    if (death !== undefined) {
      throw new SandboxError(
        "ERR_SANDBOX_START_FAILED",
        `${name} ended before it was ready: ${death}. See the logs in ${logDirectory}`,
        { logDirectory },
      );
    }
    try {
      const { status, body } = await getDirectly(
        url,
        AbortSignal.any([AbortSignal.timeout(5000), ...signals]),
      );
      if (status >= 200 && status < 300) return body;
      last = `HTTP ${status}`;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(init.intervalMs ?? 100);
  }
  throw new SandboxError(
    "ERR_SANDBOX_TIMEOUT",
    `${name} did not answer at ${url} within ${init.timeoutMs / 1000} s (last: ${last}). See the logs in ${logDirectory}`,
    { logDirectory },
  );
}
