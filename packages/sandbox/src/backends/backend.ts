import type { ResolvedOptions } from "../options.ts";

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
  /** Address on the Docker host where a container of the sandbox publishes its ports: loopback unless asked otherwise. */
  publishAddress: string;
  /** Name or address under which this machine reaches those ports. */
  publishedHost: string;
}

/** What a back end starts from: every option settled, and the folders of this run. */
export interface BackendInit extends ResolvedOptions {
  workDirectory: string;
  logDirectory: string;
  /** The caller's environment without its AWS settings, and with empty AWS files: for LocalStack and the mock. */
  isolatedEnvironment: Readonly<Record<string, string>>;
  /** Registers what must be stopped, in reverse order, also when the start fails later. */
  defer: (stop: () => Promise<void>) => void;
}

/** What a back end returns when both services are ready. */
export interface StartedBackend {
  endpointUrl: string;
  rolesAnywhereEndpoint: string;
  network?: SandboxNetwork | undefined;
  died: Promise<string>;
}
