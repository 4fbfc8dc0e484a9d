import type { ResolvedOptions } from "../options.ts";

/** The Docker network of the sandbox, and how containers on it reach LocalStack and the mock. */
export interface SandboxNetwork {
  /** Name of the Docker network. */
  name: string;
  /** LocalStack, as seen from a container on that network. */
  endpointUrl: string;
  /** The mock, as seen from a container on that network. */
  rolesAnywhereEndpoint: string;
  /** A container with these labels is removed when the sandbox stops, and when the process that started it is killed. */
  labels: Record<string, string>;
  /** Address on the Docker host where containers of the sandbox publish their ports. @default loopback */
  publishAddress: string;
  /** Name or address under which this machine reaches those ports. */
  publishedHost: string;
}

/** What a back end needs: every option with its default filled in, and the folders of this run. */
export interface BackendInit extends ResolvedOptions {
  workDirectory: string;
  logDirectory: string;
  /** The environment for LocalStack and the mock: the caller's, without AWS settings and with empty AWS files. */
  isolatedEnvironment: Readonly<Record<string, string>>;
  /** Registers a function that stops a part of the sandbox. All run at the same time, also when the start fails later. */
  defer: (stop: () => Promise<void>) => void;
}

/** What a back end returns when both services are ready. */
export interface StartedBackend {
  endpointUrl: string;
  rolesAnywhereEndpoint: string;
  /** Only on the docker back end. */
  network?: SandboxNetwork | undefined;
  /** Settles with a sentence when LocalStack or the mock ended by itself. */
  died: Promise<string>;
}
