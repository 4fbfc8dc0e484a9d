import { Refusal } from "../errors/refusal.ts";
import type { ServiceErrorType } from "../errors/service-error.ts";

/** The kinds of faults that the lab can inject. */
export const FAULT_KINDS = [
  "throttle",
  "internal-error",
  "unavailable",
  "delay",
  "drop",
  "truncate",
  "malformed-json",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault to inject into the next CreateSession calls. */
export interface Fault {
  readonly kind: FaultKind;
  /** How many calls. */
  readonly count: number;
  /** How long a `delay` holds back the response. */
  readonly delayMilliseconds?: number | undefined;
}

/** The faults that wait for calls. The oldest one comes first. */
export interface FaultQueue {
  add(fault: Fault): void;
  /** Takes the fault of the next call out of the queue. */
  take(): Omit<Fault, "count"> | undefined;
  list(): Fault[];
  clear(): void;
}

export function createFaultQueue(): FaultQueue {
  let waiting: Fault[] = [];
  return {
    add: (fault) => void waiting.push(fault),
    take() {
      const [next, ...rest] = waiting;
      if (next === undefined) return undefined;
      waiting = next.count > 1 ? [{ ...next, count: next.count - 1 }, ...rest] : rest;
      return next;
    },
    list: () => [...waiting],
    clear: () => void (waiting = []),
  };
}

const ERRORS = {
  throttle: ["ThrottlingException", "Rate exceeded"],
  "internal-error": ["InternalServerException", "Internal server error"],
  unavailable: ["ServiceUnavailableException", "Service unavailable"],
} as const satisfies Partial<Record<FaultKind, readonly [type: ServiceErrorType, message: string]>>;

/** The refusal that a fault stands for. */
export function faultRefusal(kind: keyof typeof ERRORS): Refusal {
  const [type, message] = ERRORS[kind];
  const received = `a fault "${kind}" that was put in through /_mock/faults`;
  return new Refusal("FAULT_INJECTED", { type, message, expected: "no fault", received });
}
