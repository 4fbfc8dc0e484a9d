import { createState } from "../../src/state/state.ts";
import type { State } from "../../src/state/state.ts";
import { controlPlane } from "../../src/control/control-plane.ts";

export const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date, Signature=0";

export interface Answer {
  status: number;
  errorType: string | null;
  requestId: string | null;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read answers as a client without a model would
  body: any;
}

export interface TestControlPlane {
  state: State;
  clock: { time: Date; now(): Date };
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** A control plane with an empty account, a clock that stands still and ids that count up. */
export function testControlPlane(): TestControlPlane {
  const state = createState("123456789012", "us-east-1");
  const clock = { time: new Date("2026-01-02T03:04:05.678Z"), now: () => clock.time };
  let ids = 0;
  const uuid = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
  const app = controlPlane({ state, clock, uuid });
  return {
    state,
    clock,
    async send(method, path, body) {
      const response = await app.request(path, {
        method,
        headers: { authorization: AUTHORIZATION, "x-amz-date": "20260102T030405Z" },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      return {
        status: response.status,
        errorType: response.headers.get("x-amzn-errortype"),
        requestId: response.headers.get("x-amzn-requestid"),
        body: await response.json(),
      };
    },
  };
}

/** The id that the n-th created resource has. */
export function idOf(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
}
