import { Refusal } from "../errors/refusal.ts";
import { evaluatePolicy, parsePolicy, PolicyError } from "@roles-anywhere/iam-policy";
import type { ContextRecord, PolicyDocument } from "@roles-anywhere/iam-policy";
import type { SignedRequest } from "../request/signed-request.ts";
import { remember } from "../trust/bounded-cache.ts";
import type { AssumeRoleRequest } from "./aws.ts";

/** The actions that the role's trust policy must all allow to the service principal. */
export const TRUST_POLICY_ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] as const;

/** The principal that assumes the role. */
export const SERVICE_PRINCIPAL = "rolesanywhere.amazonaws.com";

/** The facts that the conditions of a trust policy can test. */
interface TrustPolicyFacts
  extends
    Pick<SignedRequest, "secure" | "sourceIp" | "userAgent">,
    Pick<AssumeRoleRequest, "sourceIdentity" | "tags"> {
  readonly trustAnchorArn: string;
  readonly trustAnchorAccount: string;
  readonly sessionName: string;
  readonly now: Date;
  readonly region: string;
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

/** The mock reads the role from IAM for every session, but its trust policy seldom changes. */
const readTrustPolicy = remember((json) => parsePolicy(json, { kind: "trust" }));

/**
 * Checks that the trust policy lets the service assume the role, tag the session and set its source identity.
 *
 * @param json the trust policy
 * @param message for the client, when the policy does not
 * @see https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html role trusts
 */
export function checkTrustPolicy(json: string, context: ContextRecord, message: string): void {
  const policy = parse(json, message);
  const principal = { type: "Service", id: SERVICE_PRINCIPAL } as const;
  for (const action of TRUST_POLICY_ACTIONS) {
    const decision = evaluatePolicy(policy, { action, principal, context });
    if (decision.effect === "Allow") continue;
    throw new Refusal("TRUST_POLICY_DENIED", {
      message,
      expected: `a trust policy that allows ${SERVICE_PRINCIPAL} ${TRUST_POLICY_ACTIONS.join(", ")}`,
      received: `${action}: ${decision.reason}`,
      remedy: `correct the role's trust policy for a session with ${describeContext(context)}`,
    });
  }
}

function parse(json: string, message: string): PolicyDocument {
  try {
    return readTrustPolicy(json);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const expected = "a trust policy that IAM accepts";
    throw new Refusal("TRUST_POLICY_MALFORMED", { message, expected, received: error.message });
  }
}

function describeContext(context: ContextRecord): string {
  return Object.entries(context)
    .filter(([key, value]) => value !== undefined && /^(aws:Source|aws:PrincipalTag|sts:)/.test(key))
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(", ");
}
