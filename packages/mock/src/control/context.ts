import type { Clock, State } from "../state/state.ts";
import type { SignatureVerifier } from "./request/verify-signature.ts";

/** What the control plane works on. */
export interface ControlPlaneContext {
  readonly state: State;
  readonly clock: Clock;
  /**
   * Names new resources and requests.
   *
   * @default crypto.randomUUID
   */
  readonly uuid?: (() => string) | undefined;
  /**
   * Verifies signatures; needs Node's raw request, that is `@hono/node-server`.
   *
   * @default a signature must be there, and is not verified
   */
  readonly verifySignature?: SignatureVerifier | undefined;
}

/** {@link ControlPlaneContext} with every default filled in, as the operations see it. */
export interface OperationContext {
  readonly state: State;
  readonly clock: Clock;
  readonly uuid: () => string;
}
