import { parsePolicy, PolicyError } from "@roles-anywhere/iam-policy";
import type { PolicyDocument, PolicyKind, PolicySet, PolicyType } from "@roles-anywhere/iam-policy";
import type { RequiredPermission } from "./permission.ts";
import type { JsonObject } from "./service-request.ts";

/** A policy, and the name that verdicts call it by. */
export interface NamedPolicy {
  /** Name of an inline policy, or ARN of a managed one. */
  readonly name: string;
  /** The policy as JSON text or as an object. */
  readonly document: string | JsonObject;
}

/** A policy that is attached to a resource. */
export interface ResourcePolicy extends NamedPolicy {
  /** ARN of the bucket (the policy counts for its objects, too), of the role whose trust policy this is, or of another resource. */
  readonly resourceArn: string;
}

/** All policies that may have a say. An absent or empty list means that there is no policy of that type. */
export interface ApplicablePolicies {
  /** Inline and attached policies of the role. */
  readonly identityPolicies: readonly NamedPolicy[];
  readonly permissionsBoundary?: NamedPolicy | undefined;
  /** Inline and managed policies that were passed when the session was made. */
  readonly sessionPolicies?: readonly NamedPolicy[] | undefined;
  /** Policies of the resources that {@link policyResources} lists. Those of other resources are not looked at. */
  readonly resourcePolicies?: readonly ResourcePolicy[] | undefined;
}

/** Actions for which the trust policy of the role counts, and has to allow. */
export const ROLE_ACTIONS: ReadonlySet<string> = new Set([
  "sts:AssumeRole",
  "sts:SetSourceIdentity",
  "sts:TagSession",
]);

/** The policies that have a say about one permission, parsed, and their names by type. */
export interface PreparedPolicies {
  readonly set: PolicySet;
  readonly names: Readonly<Record<PolicyType, readonly string[]>>;
}

/**
 * Parses the policies of a request once.
 *
 * @returns what applies to a permission
 * @throws {MalformedPolicy} naming the policy
 */
export function preparePolicies(
  policies: ApplicablePolicies,
): (permission: RequiredPermission) => PreparedPolicies {
  const { identityPolicies, permissionsBoundary, sessionPolicies = [], resourcePolicies = [] } = policies;
  const boundaries = permissionsBoundary === undefined ? [] : [permissionsBoundary];
  const common = {
    identityPolicies: identityPolicies.map((policy) => parse(policy, "identity")),
    sessionPolicies: sessionPolicies.map((policy) => parse(policy, "session")),
    permissionsBoundaries: boundaries.map((policy) => parse(policy, "identity")),
  };
  const names = {
    identity: namesOf(identityPolicies),
    session: namesOf(sessionPolicies),
    boundary: namesOf(boundaries),
  };
  return ({ action, resource }) => {
    const given = resourcePolicies.filter(
      ({ resourceArn }) => resource === resourceArn || resource.startsWith(`${resourceArn}/`),
    );
    if (ROLE_ACTIONS.has(action)) {
      const [trust = NO_TRUST] = given;
      return {
        set: { ...common, trustPolicy: parse(trust, "trust") },
        names: { ...names, resource: [], trust: [trust.name] },
      };
    }
    const isUnknownKey = given.length === 0 && KMS_KEY.test(resource);
    const applying = isUnknownKey ? [defaultKeyPolicy(resource)] : given;
    return {
      set: { ...common, resourcePolicies: applying.map((policy) => parse(policy, "resource")) },
      names: { ...names, resource: namesOf(applying), trust: [] },
    };
  };
}

function namesOf(policies: readonly NamedPolicy[]): readonly string[] {
  return policies.map(({ name }) => name);
}

const KMS_KEY = /^arn:[^:]*:kms:[^:]*:\d{12}:key\//u;

/**
 * What AWS KMS gives a key that is made without a policy: the account decides. A key policy has to allow, so this one
 * stands for the policy of a key that was not given.
 *
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
function defaultKeyPolicy(keyArn: string): NamedPolicy {
  const [, partition, , , account] = keyArn.split(":");
  const principal = { AWS: `arn:${partition}:iam::${account}:root` };
  return {
    name: "default key policy",
    document: {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: principal, Action: "kms:*", Resource: "*" },
    },
  };
}

/** Stands for a role that does not exist or whose trust policy nobody gave: it trusts nobody. */
const NO_TRUST: NamedPolicy = {
  name: "trust policy that was not given",
  document: {
    Version: "2012-10-17",
    Statement: { Effect: "Deny", Principal: { Service: "none.invalid" }, Action: "sts:AssumeRole" },
  },
};

/** A policy that is no valid policy. */
export class MalformedPolicy extends Error {}

/** How much text of policies is kept parsed, in UTF-16 units. */
const MAX_CACHED_LENGTH = 4 * 1024 * 1024;
const parsed = new Map<string, PolicyDocument>();
let cachedLength = 0;

function parse({ name, document }: NamedPolicy, kind: PolicyKind): PolicyDocument {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  const key = `${kind} ${text}`;
  const known = parsed.get(key);
  if (known !== undefined) return known;
  try {
    const policy = parsePolicy(text, { kind });
    if (cachedLength + key.length > MAX_CACHED_LENGTH) {
      parsed.clear();
      cachedLength = 0;
    }
    parsed.set(key, policy);
    cachedLength += key.length;
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new MalformedPolicy(`policy ${JSON.stringify(name)} is malformed: ${error.message}`, {
      cause: error,
    });
  }
}
