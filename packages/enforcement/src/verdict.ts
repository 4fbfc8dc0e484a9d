import type { Decision, Explanation } from "@roles-anywhere/iam-policy";

/** Whether a request may be served. */
export type Verdict = Allowed | Refused;

/** Every permission that the request needs is allowed. */
export interface Allowed {
  readonly allowed: true;
  readonly permissions: readonly PermissionVerdict[];
}

/** At least one permission is not allowed. */
export interface Refused {
  readonly allowed: false;
  /** The error code of the service. @example "AccessDenied" */
  readonly code: "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation";
  /** HTTP status. */
  readonly status: number;
  /** What AWS tells the client about the first permission that is refused. */
  readonly message: string;
  /** Why, for people who look after the policies: which statement decided, or how far the closest one is. */
  readonly reason: string;
  /** The first permission that is refused. Absent when no policy has to be asked. */
  readonly refused?: PermissionVerdict | undefined;
  /** What each statement of each policy says about `refused`; absent when a policy is malformed. */
  readonly explanation?: Explanation | undefined;
  /** All permissions, in the order of {@link mapRequest}. */
  readonly permissions: readonly PermissionVerdict[];
}

/** What the policies say about one permission. */
export interface PermissionVerdict {
  readonly action: string;
  readonly resource: string;
  readonly effect: Decision["effect"];
  /** The policy that decided, by its name; absent when the policies of a type decided together. */
  readonly policyName?: string | undefined;
  readonly policyType?: NonNullable<Decision["policy"]>["type"] | undefined;
  /** The statement that decided: its `Sid`, or its position from 0. Absent for `ImplicitDeny`. */
  readonly statement?: number | string | undefined;
}
