import { evaluatePolicy } from "../evaluate.ts";
import type { Decision } from "../evaluate.ts";
import type { PolicyDocument } from "../parse-policy.ts";
import type { ContextRecord } from "../request.ts";
import type { SessionTag } from "./session-attributes.ts";

/** The actions that the role's trust policy must all allow to the service principal. */
export const TRUST_POLICY_ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] as const;

/** The principal that assumes the role. */
export const SERVICE_PRINCIPAL = "rolesanywhere.amazonaws.com";

/** The facts of a session that the conditions of a trust policy can test. */
export interface TrustPolicyFacts {
  readonly trustAnchorArn: string;
  /** Twelve digits. */
  readonly trustAnchorAccount: string;
  readonly sessionName: string;
  readonly sourceIdentity: string;
  readonly tags: readonly SessionTag[];
  readonly now: Date;
  readonly region: string;
  /** Whether the caller uses TLS. */
  readonly secure: boolean;
  readonly sourceIp?: string | undefined;
  readonly userAgent?: string | undefined;
}

/**
 * The condition keys and values of AssumeRole by the service. Keys that such a call does not have are absent:
 * `sts:TransitiveTagKeys`, because no tag of these sessions is transitive, and everything about organizations.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function trustPolicyContext(facts: TrustPolicyFacts): ContextRecord {
  const context: Record<string, string | readonly string[] | undefined> = {
    "aws:SourceArn": facts.trustAnchorArn,
    "aws:SourceAccount": facts.trustAnchorAccount,
    "aws:ResourceAccount": facts.trustAnchorAccount,
    "aws:RequestedRegion": facts.region,
    "aws:PrincipalIsAWSService": "true",
    "aws:PrincipalServiceName": SERVICE_PRINCIPAL,
    "aws:PrincipalServiceNamesList": [SERVICE_PRINCIPAL],
    "aws:ViaAWSService": "false",
    "aws:CurrentTime": facts.now.toISOString(),
    "aws:EpochTime": String(Math.floor(facts.now.getTime() / 1000)),
    "aws:SecureTransport": String(facts.secure),
    "aws:SourceIp": facts.sourceIp,
    "aws:UserAgent": facts.userAgent,
    "sts:RoleSessionName": facts.sessionName,
    "sts:SourceIdentity": facts.sourceIdentity,
    "aws:TagKeys": facts.tags.map(({ key }) => key),
  };
  for (const { key, value } of facts.tags) {
    context[`aws:PrincipalTag/${key}`] = value;
    context[`aws:RequestTag/${key}`] = value;
  }
  return context;
}

/** The decision of a trust policy on one of the {@link TRUST_POLICY_ACTIONS}. */
export interface TrustDecision extends Decision {
  readonly action: (typeof TRUST_POLICY_ACTIONS)[number];
}

/**
 * Decides whether a trust policy lets IAM Roles Anywhere assume the role, tag the session and set its source identity.
 *
 * @param context made by {@link trustPolicyContext}
 * @returns the first refusal, or the last decision when all three are allowed
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html role trusts
 */
export function evaluateTrust(policy: PolicyDocument, context: ContextRecord): TrustDecision {
  const principal = { type: "Service", id: SERVICE_PRINCIPAL } as const;
  const decide = (action: TrustDecision["action"]): TrustDecision => ({
    action,
    ...evaluatePolicy(policy, { action, principal, context }),
  });
  const [assume, tag, identity] = TRUST_POLICY_ACTIONS;
  for (const action of [assume, tag]) {
    const decision = decide(action);
    if (decision.effect !== "Allow") return decision;
  }
  return decide(identity);
}
