import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { callLab } from "../aws/lab.ts";
import type { PausingProxy } from "./pausing-proxy.ts";
import type { RestartableMock } from "./restartable-mock.ts";

/** What the faults are injected into. */
export interface Targets {
  readonly mock: RestartableMock;
  /** Between LocalStack and everybody else. */
  readonly localstack: PausingProxy;
}

/** Something that goes wrong for a while, less long than a session is renewed before its end. */
export interface Fault {
  readonly text: string;
  /** Settles when it is over. */
  inject(targets: Targets): Promise<void>;
}

const lab = (kind: string, count: number, text: string, more: object = {}): Fault => ({
  text,
  async inject({ mock }) {
    await callLab(mock, "POST", "faults", { kind, count, ...more });
    while (waiting.parse(await callLab(mock, "GET", "faults")).faults.length > 0) await setTimeout(200);
  },
});
const waiting = z.object({ faults: z.array(z.unknown()) });

/** Each fault, in the order in which they are injected. */
export const FAULTS: readonly Fault[] = [
  { text: "Roles Anywhere is restarted", inject: ({ mock }) => mock.restart() },
  lab("throttle", 4, "Roles Anywhere throttles 4 calls"),
  { text: "LocalStack is paused for 3 s", inject: ({ localstack }) => localstack.pause(3000) },
  lab("delay", 3, "Roles Anywhere answers 3 calls 2.5 s late", { delayMilliseconds: 2500 }),
  lab("unavailable", 2, "Roles Anywhere is unavailable for 2 calls"),
  lab("drop", 2, "Roles Anywhere closes 2 connections without an answer"),
  lab("malformed-json", 1, "Roles Anywhere answers a call with half a body"),
];
