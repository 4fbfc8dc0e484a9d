import type { Principal } from "./match-principal.ts";
import type { ContextRecord } from "./request-context.ts";

/** What a request asks for. */
export interface PolicyRequest {
  /** `service:Name`, such as `sts:AssumeRole`; letter case is ignored. */
  readonly action: string;
  /** The ARN. Leave it out for an action without resources, and for a role's trust policy. */
  readonly resource?: string;
  /** Leave it out for an anonymous request. */
  readonly principal?: Principal;
  /** By condition key, in any letter case. Lists are for keys that are multivalued by nature, such as `aws:TagKeys`. */
  readonly context: ContextRecord;
}

export interface Decision {
  readonly effect: "Allow" | "ExplicitDeny" | "ImplicitDeny";
  /** The statement that decided: its `Sid`, or its position from 0 when it has none. */
  readonly statement?: number | string;
  /** A sentence for people: which statement decided, or why the closest one does not apply. */
  readonly reason: string;
}
