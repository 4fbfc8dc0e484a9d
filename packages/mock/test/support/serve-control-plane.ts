import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { AccessKey } from "../../src/control/sigv4.ts";
import { createSignatureVerifier } from "../../src/control/sigv4.ts";
import { controlPlane } from "../../src/control/control-plane.ts";
import { createState, systemClock } from "../../src/state/state.ts";
import type { State } from "../../src/state/state.ts";

export interface ServedControlPlane extends AsyncDisposable {
  readonly url: string;
  readonly state: State;
}

/** The control plane alone on a free port of the loopback address. */
export async function serveControlPlane(
  accountId = "000000000000",
  region = "us-east-1",
  accessKeys?: readonly AccessKey[],
): Promise<ServedControlPlane> {
  const state = createState(accountId, region);
  const verifySignature = accessKeys === undefined ? undefined : createSignatureVerifier(accessKeys);
  const app = controlPlane({ state, clock: systemClock, uuid: randomUUID, verifySignature });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  if (!server.listening) await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
}
