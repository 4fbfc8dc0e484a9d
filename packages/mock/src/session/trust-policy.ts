import { parsePolicy, PolicyError } from "@roles-anywhere/iam-policy";
import type { ContextRecord, PolicyDocument } from "@roles-anywhere/iam-policy";
import {
  evaluateTrust,
  SERVICE_PRINCIPAL,
  TRUST_POLICY_ACTIONS,
} from "@roles-anywhere/iam-policy/roles-anywhere";
import { Refusal, requireThat } from "../errors/refusal.ts";
import { remember } from "../trust/bounded-cache.ts";

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
  const { effect, action, reason } = evaluateTrust(parse(json, message), context);
  requireThat(effect === "Allow", "TRUST_POLICY_DENIED", () => ({
    message,
    expected: `a trust policy that allows ${SERVICE_PRINCIPAL} ${TRUST_POLICY_ACTIONS.join(", ")}`,
    received: `${action}: ${reason}`,
    remedy: `correct the role's trust policy for a session with ${describeContext(context)}`,
  }));
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
