import type { SessionTag } from "@roles-anywhere/iam-policy/roles-anywhere";
import { printable } from "../errors/printable.ts";
import { Refusal } from "../errors/refusal.ts";

/** The two calls that CreateSession makes to other services of AWS. Tests give an implementation of their own. */
export interface AwsPort {
  /**
   * The role with this ARN.
   *
   * @returns `undefined` when there is none
   * @throws {AwsPortError}
   */
  getRole(roleArn: string): Promise<Role | undefined>;

  /**
   * Assumes a role; every check that STS does in AWS has been done before.
   *
   * @throws {AwsPortError}
   */
  assumeRole(request: AssumeRoleRequest): Promise<AssumedRole>;
}

/** The facts about a role that CreateSession checks. */
export interface Role {
  readonly roleArn: string;
  /** The trust policy, JSON. */
  readonly trustPolicy: string;
  readonly maxSessionDurationSeconds: number;
}

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds: number;
  readonly sourceIdentity: string;
  readonly tags: readonly SessionTag[];
  /** Inline session policy, JSON. */
  readonly sessionPolicy?: string | undefined;
  readonly managedPolicyArns: readonly string[];
}

export interface AssumedRole {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** `AROA…:<session name>` */
  readonly assumedRoleId: string;
  /** Percent of the space for policies and tags. */
  readonly packedPolicySize: number;
}

/** A call to IAM or STS that failed. */
export class AwsPortError extends Error {
  /** True for errors of another copy of this package as well: a process may hold ES modules and CommonJS. */
  static override [Symbol.hasInstance](value: unknown): value is AwsPortError {
    if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
    // A subclass inherits this, and knows its own errors only.
    const isKnown = this === AwsPortError && value instanceof Error && value.name === "AwsPortError";
    return isKnown && "kind" in value;
  }

  override readonly name = "AwsPortError";
  /** `refused`: the service refused the call; `unavailable`: there was no response, or one with status 500 or above. */
  readonly kind: "refused" | "unavailable";

  constructor(kind: "refused" | "unavailable", message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

/**
 * Waits for a call to IAM or STS.
 *
 * @param message for the client, when IAM or STS refuses the call
 */
export async function callAws<Answer>(message: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (cause) {
    if (!(cause instanceof AwsPortError)) throw cause;
    const received = printable(cause.message);
    if (cause.kind === "refused") {
      const expected = "STS to accept role, session policy and tags";
      throw new Refusal("ASSUME_ROLE_REFUSED", { message, expected, received });
    }
    throw new Refusal("STS_UNAVAILABLE", {
      type: "ServiceUnavailableException",
      message: "Service unavailable",
      expected: "an answer from the STS and IAM endpoints",
      received,
      cause,
    });
  }
}
