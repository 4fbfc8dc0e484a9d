import { administratorKey } from "../environments.ts";
import { SandboxError } from "../errors.ts";
import type { BackendName, SandboxOptions } from "../options.ts";
import { startSandbox } from "../sandbox.ts";
import type { Sandbox } from "../sandbox.ts";

/** Whose variables `ra-sandbox up` prints. */
export const AUDIENCES = ["server", "admin"] as const;
export type Audience = (typeof AUDIENCES)[number];

export interface UpOptions {
  backend: BackendName | "auto";
  region: string;
  account: string;
  port?: number;
  services?: string[];
  setting?: Record<string, string>;
  enforceIam?: true;
  secureTransport: "true" | "false";
  attach?: string;
  publishAddress?: string;
  env?: Audience[];
  json?: true;
}

/** For each option of `startSandbox`, the flag that sets it. */
const FLAG_OF_OPTION: Partial<Record<string, string>> = {
  accountId: "--account",
  region: "--region",
  port: "--port",
  services: "--services",
  localstackSettings: "--setting",
  enforceIam: "--enforce-iam",
  secureTransport: "--secure-transport",
  localstackEndpoint: "--attach",
  publishAddress: "--publish-address",
} satisfies Partial<Record<keyof SandboxOptions, string>>;

/** `ra-sandbox up`: runs until a signal comes or one of the two services ends. Returns the exit code. */
export async function up(
  options: UpOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const interrupt = new AbortController();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // "on", not "once": a second signal without a handler would end this process before everything is stopped.
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
      port: options.port,
      services: options.services,
      localstackSettings: options.setting,
      enforceIam: options.enforceIam,
      secureTransport: options.secureTransport === "true",
      localstackEndpoint: options.attach,
      publishAddress: options.publishAddress,
      environment,
      signal: interrupt.signal,
      onProgress: (line) => process.stderr.write(`${line}\n`),
    });
    announce(sandbox, options);
    const death = await Promise.race([interrupted, sandbox.died]);
    if (death === undefined) return 0;
    process.stderr.write(`ra-sandbox: ${death}; its log is in ${sandbox.logDirectory}\n`);
    return 1;
  } catch (error) {
    if (interrupt.signal.aborted) return 0;
    if (!(error instanceof SandboxError)) throw error;
    if (error.code === "ERR_SANDBOX_INVALID_OPTION") {
      process.stderr.write(`ra-sandbox: ${withFlags(error.message)}; see ra-sandbox --help\n`);
      return 2;
    }
    process.stderr.write(`ra-sandbox: ${withFlags(error.message)}\n`);
    return 1;
  }
}

/** Puts flags in place of option names: messages of `startSandbox` name options, and users of the command know flags. */
function withFlags(message: string): string {
  const names = /\bthe option (\w+)|\b(accountId|enforceIam|localstack\w+|publishAddress)\b/g;
  return message.replaceAll(
    names,
    (text, ...[option, name]: string[]) => FLAG_OF_OPTION[option ?? name ?? ""] ?? text,
  );
}

function announce(sandbox: Sandbox, options: UpOptions): void {
  const { endpointUrl, rolesAnywhereEndpoint, region, accountId } = sandbox;
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ endpointUrl, rolesAnywhereEndpoint, region, accountId })}\n`);
    return;
  }
  const server = {
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_ENDPOINT_URL_ROLESANYWHERE: rolesAnywhereEndpoint,
    AWS_REGION: region,
  };
  const variables: Record<Audience, Record<string, string>> = {
    server,
    admin: { ...server, ...administratorKey(accountId) },
  };
  const headings: Record<Audience, string> = {
    server: "For a terminal of the external server, which has a certificate and no access key:",
    admin: "For a terminal that deploys, as the account's administrator:",
  };
  process.stderr.write(`Ready on the ${sandbox.backend} back end; Ctrl-C stops it.\n`);
  for (const audience of options.env ?? ["server"]) {
    process.stderr.write(`${headings[audience]}\n`);
    for (const [name, value] of Object.entries(variables[audience])) {
      process.stderr.write(`  export ${name}=${value}\n`);
    }
  }
  process.stderr.write(`Logs: ${sandbox.logDirectory}\n`);
}
