import { parsePolicy } from "../parse-policy.ts";
import type { PolicyDocument } from "../parse-policy.ts";
import { PolicyError } from "../policy-grammar.ts";
import type { PolicyKind } from "../policy-grammar.ts";
import { join } from "../policy-json.ts";
import type { AttributeMapping } from "../roles-anywhere/session-attributes.ts";
import { PolicyTestError } from "./policy-test-error.ts";
import type { Place } from "./resource-kinds.ts";

/** A policy, and the name that messages call it by. */
export interface NamedPolicy {
  readonly name: string;
  readonly document: PolicyDocument;
}

/** A profile as far as it changes the sessions of its roles. */
export interface ProfileUnderTest {
  readonly name: string;
  readonly enabled: boolean;
  readonly acceptRoleSessionName: boolean;
  readonly mappings: readonly AttributeMapping[];
  readonly sessionPolicies: readonly NamedPolicy[];
}

/** A trust anchor of the template. */
export interface TrustAnchorUnderTest {
  readonly id: string;
  readonly arn: string;
  readonly enabled: boolean;
}

/** A role with every policy that has a say about its sessions, wherever it was read. */
export interface RoleUnderTest {
  /** For messages. */
  readonly name: string;
  readonly arn: string;
  readonly place: Place;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly trustPolicy: PolicyDocument;
  readonly identityPolicies: readonly NamedPolicy[];
  readonly boundaries: readonly NamedPolicy[];
  readonly profile?: ProfileUnderTest | undefined;
  readonly trustAnchors: readonly TrustAnchorUnderTest[];
  /** The policies of the resource with this ARN. */
  resourcePolicies(arn: string): readonly NamedPolicy[];
  /** The ARN of a resource that the caller names by its logical id. */
  arnOf(logicalId: string): string;
}

/** Documents of managed policies by ARN, each as JSON text or as an object. */
export type ManagedPolicies = Readonly<Record<string, string | object>>;

/**
 * Parses a policy. Its errors name where it stands.
 *
 * @param document an object, JSON text, or the URL-encoded text that IAM's API returns
 * @throws {PolicyError} when IAM would refuse it
 */
export function parseAt(document: unknown, kind: PolicyKind, path: string): PolicyDocument {
  const isEncoded = typeof document === "string" && /^\s*%7B/iu.test(document);
  const json = isEncoded ? decodeURIComponent(document) : document;
  if (typeof json !== "string" && (typeof json !== "object" || json === null)) {
    throw new PolicyTestError("ERR_POLICY_TEST_ARGUMENT", path, "is no policy; give its document");
  }
  try {
    return parsePolicy(json, { kind });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const message = error.path === "" ? error.message : error.message.slice(error.path.length + 2);
    throw new PolicyError(error.code, error.path === "" ? path : join(path, error.path), message);
  }
}

/** @throws {PolicyTestError} ERR_POLICY_TEST_DOCUMENT_MISSING when the caller did not give the policy */
export function managedPolicy(
  policies: ManagedPolicies,
  arn: string,
  kind: PolicyKind,
  path: string,
): NamedPolicy {
  const document = policies[arn];
  if (document !== undefined)
    return { name: arn, document: parseAt(document, kind, `managedPolicies[${arn}]`) };
  throw new PolicyTestError(
    "ERR_POLICY_TEST_DOCUMENT_MISSING",
    path,
    `the document of ${arn} is not here; give managedPolicies: { ${JSON.stringify(arn)}: document }, ` +
      "which `aws iam get-policy-version` prints",
  );
}
