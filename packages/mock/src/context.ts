import { randomUUID } from "node:crypto";
import { type AuditLog, createAuditLog } from "./audit/audit-log.ts";
import type { AwsPort } from "./session/aws.ts";
import { type Clock, type State, systemClock } from "./state/state.ts";

/** Everything that the emulated service works with; what is not given gets its default from {@link createContext}. */
export interface MockContext {
  /** The account and region, with its trust anchors, profiles, CRLs and subjects. */
  readonly state: State;
  readonly clock: Clock;
  /** Where roles are read and assumed. */
  readonly aws: AwsPort;
  readonly audit: AuditLog;
  /** Names new resources, requests and events. */
  readonly uuid: () => string;
  /** Takes one line for people about each CreateSession call. */
  readonly log: (line: string) => void;
  /** Adds the reason to the message that the client sees, which AWS never does. */
  readonly explain: boolean;
  /** Shortest session, in seconds; below 900 only where the lab wants sessions that AWS would not grant. */
  readonly minDurationSeconds: number;
}

/** What {@link createContext} cannot guess. */
export type MockContextInit = Pick<MockContext, "state" | "aws"> & Partial<MockContext>;

/**
 * Completes a context: system clock, an audit of 500 entries, random ids, no log, AWS's own limits.
 */
export function createContext(init: MockContextInit): MockContext {
  return {
    clock: systemClock,
    audit: createAuditLog(),
    uuid: randomUUID,
    log: () => {},
    explain: false,
    minDurationSeconds: 900,
    ...init,
  };
}
