import { startSandbox } from "@roles-anywhere/sandbox";
import type { Sandbox, SandboxOptions } from "@roles-anywhere/sandbox";
import { z } from "zod";
import { callLab } from "../aws/lab.ts";

/** A mock of Roles Anywhere beside a running LocalStack. */
export interface RestartableMock extends AsyncDisposable {
  readonly rolesAnywhereEndpoint: string;
  /** Ends it, and starts it again at the same port with the same resources. */
  restart(): Promise<void>;
}

/**
 * @param localstackEndpoint the STS and IAM that it uses
 * @param source the mock whose resources it takes over
 * @param sessionSeconds the longest session that it grants
 */
export async function startRestartableMock(
  init: Pick<SandboxOptions, "environment" | "signal"> & {
    localstackEndpoint: string;
    source: Pick<Sandbox, "rolesAnywhereEndpoint">;
    sessionSeconds: number;
  },
): Promise<RestartableMock> {
  const { localstackEndpoint, environment, signal, source, sessionSeconds } = init;
  const snapshot = z.looseObject({}).parse(await callLab(source, "GET", "snapshot"));
  const start = async (port?: number): Promise<Sandbox> => {
    const started = await startSandbox({ localstackEndpoint, environment, signal, port });
    await callLab(started, "PUT", "snapshot", snapshot);
    await callLab(started, "PUT", "session-duration", { maximumSeconds: sessionSeconds });
    return started;
  };
  let running = await start();
  const { rolesAnywhereEndpoint } = running;
  return {
    rolesAnywhereEndpoint,
    async restart() {
      await running.stop();
      running = await start(Number(new URL(rolesAnywhereEndpoint).port));
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}
