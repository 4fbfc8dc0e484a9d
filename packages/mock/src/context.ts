import { randomUUID } from "node:crypto";
import type { AccessContext } from "./access/answer-question.ts";
import { createPolicyCache } from "./access/policy-cache.ts";
import type { PolicyPort } from "./access/policy-port.ts";
import type { AccessRecord } from "./audit/access-record.ts";
import { createAuditLog } from "./audit/audit-log.ts";
import type { AuditLog } from "./audit/audit-log.ts";
import { createSignatureVerifier } from "./control/sigv4.ts";
import type { AccessKey, SignatureVerifier } from "./control/sigv4.ts";
import { createFaultQueue } from "./lab/faults.ts";
import type { FaultQueue } from "./lab/faults.ts";
import { createLabClock } from "./lab/lab-clock.ts";
import type { LabClock } from "./lab/lab-clock.ts";
import { printable } from "./errors/printable.ts";
import { MIN_DURATION_SECONDS } from "./request/parameters.ts";
import type { SessionContext } from "./session/create-session.ts";
import { createSessionStore } from "./session/session-store.ts";
import { systemClock } from "./state/state.ts";
import type { Clock } from "./state/state.ts";

/** The length at which a line of the log is cut off, in UTF-16 units. */
const MAX_LINE_LENGTH = 16_384;

/** Everything that the emulated service works with. {@link createContext} gives defaults. */
export interface MockContext extends SessionContext, AccessContext {
  readonly clock: LabClock;
  readonly audit: AuditLog;
  /** The decisions on requests that the credentials of sessions signed. */
  readonly accessAudit: AuditLog<AccessRecord>;
  /** The faults that the lab injects into the next calls. */
  readonly faults: FaultQueue;
  /** Makes the ids of new resources and events. */
  readonly uuid: () => string;
  /** Takes one line for people about each CreateSession call. */
  readonly log: (line: string) => void;
  /** Whether clients are told the reason of a refusal, which AWS never does. @default false */
  readonly explain: boolean;
  /**
   * Further names that clients may call the mock by, `*.` for all names below one. Loopback names, addresses, names
   * without dots and the service's own endpoints need no entry; other names are refused, since a web page could have
   * the same name. CreateSession takes any name.
   *
   * @default []
   * @example ["localhost.localstack.cloud", "*.localhost.localstack.cloud"]
   */
  readonly allowedHosts: readonly string[];
  /** Verifies signatures of the control plane and the lab; without it, the control plane takes any signature. */
  readonly verifySignature?: SignatureVerifier | undefined;
}

/** The parts of a context that have a default. */
type Defaults = Pick<
  MockContext,
  "audit" | "accessAudit" | "faults" | "sessions" | "uuid" | "log" | "explain" | "allowedHosts"
> &
  Pick<MockContext, "minDurationSeconds" | "strictAttributeMapping" | "sessionLimit">;

/** The settings of the emulated service, each with a default. */
export type MockSettings = { readonly [Name in keyof Defaults]?: Defaults[Name] | undefined } & {
  /** The time that the lab's clock shows until it is moved. @default the system clock */
  readonly clock?: Clock | undefined;
  /** Where the policies of roles are read. Without it `/_mock/authorize` refuses every request. */
  readonly policies?: PolicyPort | undefined;
  /**
   * The keys that may call the control plane and the lab routes. The mock then verifies signatures, and refuses all
   * others; `/_mock/health` stays open. The context does not show the keys.
   *
   * @default any key, unverified
   */
  readonly accessKeys?: readonly AccessKey[] | undefined;
};

/** The settings of {@link createContext}; `state` and `aws` have no default. */
export type MockContextInit = Pick<MockContext, "state" | "aws"> & MockSettings;

/**
 * Completes a context. By default it has the system clock, an audit of 500 entries, random ids, no log, and AWS's own
 * limits.
 *
 * @throws {MockError} ERR_MOCK_INVALID_OPTION for access keys that are malformed
 */
export function createContext(init: MockContextInit): MockContext {
  const { accessKeys, log, clock = systemClock } = init;
  return {
    state: init.state,
    aws: init.aws,
    faults: init.faults ?? createFaultQueue(),
    sessions: init.sessions ?? createSessionStore(),
    audit: init.audit ?? createAuditLog(),
    accessAudit: init.accessAudit ?? createAuditLog<AccessRecord>(),
    policies: init.policies === undefined ? undefined : createPolicyCache(init.policies),
    uuid: init.uuid ?? randomUUID,
    explain: init.explain ?? false,
    allowedHosts: init.allowedHosts ?? [],
    minDurationSeconds: init.minDurationSeconds ?? MIN_DURATION_SECONDS,
    strictAttributeMapping: init.strictAttributeMapping ?? false,
    sessionLimit: init.sessionLimit ?? {},
    log: (line) => log?.(printable(line, MAX_LINE_LENGTH)),
    verifySignature: accessKeys === undefined ? undefined : createSignatureVerifier(accessKeys),
    clock: createLabClock(clock),
  };
}
