import type { SandboxEnvironments } from "./environment/sandbox-environments.ts";

export type BackendName = "docker" | "process";

export interface SandboxOptions {
  /** `auto` takes Docker when its daemon answers, else processes. @default "auto" */
  backend?: BackendName | "auto";
  /** @default "us-east-1" */
  region?: string;
  /** Twelve digits. @default "000000000000" */
  accountId?: string;
  /** Where LocalStack's Python environment and the logs are kept between runs. @default RA_CACHE_DIR, else ~/.cache/roles-anywhere-kit */
  cacheDirectory?: string;
  /** Called with one line for people whenever something takes or took time. */
  onProgress?: (line: string) => void;
  /** Ends the start early; whatever was started by then is stopped. */
  signal?: AbortSignal;
  /** Image of LocalStack for the docker back end. @default LOCALSTACK_IMAGE, else "localstack/localstack:4.14.0" */
  localstackImage?: string;
  /**
   * Image of the mock for the docker back end, built from its Dockerfile.
   *
   * @default RA_MOCK_IMAGE, else the mock's bundle copied into `nodeImage`
   */
  mockImage?: string;
  /** Image with Node for the docker back end. @default NODE_IMAGE, else "node:24-slim" */
  nodeImage?: string;
  /** Where the defaults above come from, and what child processes inherit less every `AWS_*`. @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** How containers on the sandbox's network reach it. Only the docker back end has one. */
export interface SandboxNetwork {
  /** Name of the Docker network. */
  name: string;
  /** LocalStack, as seen from a container on that network. */
  endpointUrl: string;
  /** The mock, as seen from a container on that network. */
  rolesAnywhereEndpoint: string;
  /** A container with these labels is removed together with the sandbox, whatever happens to its owner. */
  labels: Record<string, string>;
}

/** LocalStack and the Roles Anywhere mock, running and wired to each other. */
export interface Sandbox extends AsyncDisposable {
  readonly backend: BackendName;
  /** LocalStack, as seen from this machine: `http://127.0.0.1:<port>`. */
  readonly endpointUrl: string;
  /** The mock, as seen from this machine. */
  readonly rolesAnywhereEndpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** Environments for programs on this machine that work against the sandbox and cannot reach a real account. */
  readonly environments: SandboxEnvironments;
  readonly network: SandboxNetwork | undefined;
  /** A folder of this run alone, removed by `stop`. */
  readonly workDirectory: string;
  /** `localstack.log` and `mock.log` of this run. */
  readonly logDirectory: string;
  /** Settles with a sentence when LocalStack or the mock ended by itself. */
  readonly died: Promise<string>;
  /** Stops everything that was started. May be called more than once. */
  stop(): Promise<void>;
}

/** What the two back ends start from: every option settled. */
export interface BackendInit {
  region: string;
  accountId: string;
  cacheDirectory: string;
  workDirectory: string;
  logDirectory: string;
  localstackImage: string;
  mockImage: string | undefined;
  nodeImage: string;
  environment: Readonly<Record<string, string | undefined>>;
  onProgress: (line: string) => void;
  signal: AbortSignal | undefined;
  /** Registers what must be stopped, in reverse order, also when the start fails later. */
  defer: (stop: () => Promise<void>) => void;
}

/** What a back end hands back when both services are ready. */
export interface StartedBackend {
  endpointUrl: string;
  rolesAnywhereEndpoint: string;
  network?: SandboxNetwork;
  died: Promise<string>;
}
