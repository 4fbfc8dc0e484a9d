import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const HOOK = fileURLToPath(new URL("../../localstack/roles_anywhere.py", import.meta.url));

/** Starts LocalStack with every socket on loopback: by itself it listens on all interfaces, and starts a DNS server. */
const RUN_LOCALSTACK = fileURLToPath(new URL("../../../sandbox/python/run_localstack.py", import.meta.url));

export interface LocalStack extends AsyncDisposable {
  readonly url: string;
  /** What `GET /_localstack/init` says of the hook: `SUCCESSFUL` or `ERROR`. */
  readonly hookState: string;
  log(): Promise<string>;
}

/** LocalStack as a process with our hook in its start folder, on a free port. */
export async function startLocalStack(
  python: string,
  environment: Readonly<Record<string, string>>,
): Promise<LocalStack> {
  const directory = await mkdtemp(join(tmpdir(), "ra-mock-localstack-"));
  const hooks = join(directory, "etc/localstack/init/start.d");
  await mkdir(hooks, { recursive: true });
  await cp(HOOK, join(hooks, "roles_anywhere.py"));
  const port = await freePort();
  const logPath = join(directory, "localstack.log");
  const logFile = await open(logPath, "w");
  const child = spawn(python, [RUN_LOCALSTACK], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      GATEWAY_LISTEN: `127.0.0.1:${port}`,
      SERVICES: "s3,sts,iam,cloudformation,ssm",
      DNS_ADDRESS: "0",
      FILESYSTEM_ROOT: directory,
      OVERRIDE_IN_DOCKER: "0",
      DISABLE_EVENTS: "1",
      SKIP_SSL_CERT_DOWNLOAD: "1",
      CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: "0",
      ...environment,
    },
    stdio: ["ignore", logFile.fd, logFile.fd],
  });
  const exited = once(child, "exit");
  const log = () => readFile(logPath, "utf8");
  const stop = async () => {
    child.kill("SIGTERM");
    const deadline = setTimeout(() => child.kill("SIGKILL"), 10_000);
    if (child.exitCode === null && child.signalCode === null) await exited;
    clearTimeout(deadline);
    await logFile.close();
    await rm(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    const hookState = await waitForHook(url, () => child.exitCode !== null);
    return { url, hookState, log, [Symbol.asyncDispose]: stop };
  } catch (cause) {
    const text = await log();
    await stop();
    throw new Error(`LocalStack did not start:\n${text.slice(-4000)}`, { cause });
  }
}

async function waitForHook(url: string, hasExited: () => boolean): Promise<string> {
  const deadline = Date.now() + 90_000;
  while (Date.now() < deadline && !hasExited()) {
    const report = await readInitReport(url);
    if (report?.completed.READY === true) return report.scripts[0]?.state ?? "not found";
    await sleep(200);
  }
  throw new Error(hasExited() ? "it exited" : "it was not ready after 90 s");
}

interface InitReport {
  completed: { READY: boolean };
  scripts: { state: string }[];
}

async function readInitReport(url: string): Promise<InitReport | undefined> {
  try {
    const response = await fetch(`${url}/_localstack/init`);
    return (await response.json()) as InitReport;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
