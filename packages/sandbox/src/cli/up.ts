import { SandboxError } from "../errors.ts";
import type { BackendName, Sandbox } from "../sandbox.ts";
import { startSandbox } from "../start-sandbox.ts";

export interface UpOptions {
  backend: BackendName | "auto";
  region: string;
  account: string;
  json?: true;
}

/** `ra-sandbox up`: runs until a signal comes or one of the two services ends. Returns the exit code. */
export async function up(
  options: UpOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  if (!/^\d{12}$/.test(options.account)) {
    process.stderr.write(`ra-sandbox: --account must be twelve digits, not "${options.account}"\n`);
    return 2;
  }
  const interrupt = new AbortController();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // "on", not "once": a library that finds no other listener left would end the process in the middle of the stop.
      process.on(signal, () => {
        interrupt.abort(new SandboxError("ERR_SANDBOX_ABORTED", `stopped by ${signal}`));
        resolve(undefined);
      });
    }
  });
  try {
    await using sandbox = await startSandbox({
      backend: options.backend,
      region: options.region,
      accountId: options.account,
      environment,
      signal: interrupt.signal,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    announce(sandbox, options.json === true);
    const death = await Promise.race([interrupted, sandbox.died]);
    if (death === undefined) return 0;
    process.stderr.write(`ra-sandbox: ${death}; its log is in ${sandbox.logDirectory}\n`);
    return 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 0;
    if (!(error instanceof SandboxError)) throw error;
    process.stderr.write(`ra-sandbox: ${error.message}\n`);
    return 1;
  }
}

function announce(sandbox: Sandbox, json: boolean): void {
  const { endpointUrl, rolesAnywhereEndpoint, region, accountId } = sandbox;
  if (json) {
    process.stdout.write(`${JSON.stringify({ endpointUrl, rolesAnywhereEndpoint, region, accountId })}\n`);
    return;
  }
  process.stderr.write(
    [
      `Ready on the ${sandbox.backend} back end; Ctrl-C stops it. For another terminal:`,
      `  export AWS_ENDPOINT_URL=${endpointUrl}`,
      `  export AWS_ENDPOINT_URL_ROLESANYWHERE=${rolesAnywhereEndpoint}`,
      `  export AWS_REGION=${region} AWS_ACCESS_KEY_ID=${accountId} AWS_SECRET_ACCESS_KEY=test`,
      `Logs: ${sandbox.logDirectory}`,
      "",
    ].join("\n"),
  );
}
