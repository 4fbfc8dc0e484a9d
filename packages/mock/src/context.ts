import { randomUUID } from "node:crypto";
import { type AuditLog, createAuditLog } from "./audit/audit-log.ts";
import type { AccessKey } from "./control/access-key.ts";
import { createSignatureVerifier, type SignatureVerifier } from "./control/sigv4.ts";
import { createFaultQueue, type FaultQueue } from "./lab/faults.ts";
import { createLabClock, type LabClock } from "./lab/lab-clock.ts";
import { printable } from "./errors/printable.ts";
import type { SessionContext } from "./session/create-session.ts";
import { type Clock, systemClock } from "./state/state.ts";

/** How much of a line the log shows, in UTF-16 units. */
const MAX_LINE_LENGTH = 16_384;

/** Everything that the emulated service works with; what is not given gets its default from {@link createContext}. */
export interface MockContext extends SessionContext {
  readonly clock: LabClock;
  readonly audit: AuditLog;
  /** What the lab wants to go wrong with the next calls. */
  readonly faults: FaultQueue;
  /** Names new resources and events. */
  readonly uuid: () => string;
  /** Takes one line for people about each CreateSession call. */
  readonly log: (line: string) => void;
  /** Adds the reason to the message that the client sees, which AWS never does. */
  readonly explain: boolean;
  /** Further names that clients may call the mock by, see `MockOptions.allowedHosts`. */
  readonly allowedHosts: readonly string[];
  /** Verifies signatures of the control plane and the lab; without it, the control plane takes any signature. */
  readonly verifySignature?: SignatureVerifier | undefined;
}

/** What {@link createContext} starts from; `state` and `aws` it cannot guess. */
export type MockContextInit = Pick<MockContext, "state" | "aws"> &
  Partial<Omit<MockContext, "clock" | "log" | "verifySignature">> & {
    /** Takes one line for people about each CreateSession call. @default nobody is told */
    readonly log?: MockContext["log"] | undefined;
    /** The time that the lab's clock shows until it is moved. @default the system clock */
    readonly clock?: Clock | undefined;
    /** The keys that may call the control plane and the lab; the context does not show them. @default any key, unverified */
    readonly accessKeys?: readonly AccessKey[] | undefined;
  };

/**
 * Completes a context: system clock, an audit of 500 entries, random ids, no log, AWS's own limits.
 *
 * @throws {MockError} ERR_MOCK_INVALID_OPTION for access keys that cannot be
 */
export function createContext({ accessKeys, log, ...init }: MockContextInit): MockContext {
  return {
    faults: createFaultQueue(),
    audit: createAuditLog(),
    uuid: randomUUID,
    explain: false,
    allowedHosts: [],
    minDurationSeconds: 900,
    strictAttributeMapping: false,
    ...init,
    log: (line) => log?.(printable(line, MAX_LINE_LENGTH)),
    verifySignature: accessKeys === undefined ? undefined : createSignatureVerifier(accessKeys),
    clock: createLabClock(init.clock ?? systemClock),
  };
}
